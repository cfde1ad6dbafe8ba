# SPDX-License-Identifier: GPL-3.0-or-later
# Finds LibTorch and the CUDA compiler that it needs. Sets WAVLAB_CUDA where our own kernels can be compiled.

# nvcc from PyPI, used only where the machine has none: FindCUDA would prefer any other one on PATH.
set(local_cuda "${wavlab_local_packages}/nvidia/cu13")
find_program(WAVLAB_SYSTEM_NVCC nvcc HINTS ENV CUDACXX ENV CUDA_HOME PATHS /usr/local/cuda PATH_SUFFIXES bin)
mark_as_advanced(WAVLAB_SYSTEM_NVCC)
if(NOT CMAKE_CUDA_COMPILER AND EXISTS "${local_cuda}/bin/nvcc")
    set(CMAKE_CUDA_COMPILER "${local_cuda}/bin/nvcc" CACHE FILEPATH "CUDA compiler")
    set(CUDAToolkit_ROOT "${local_cuda}" CACHE PATH "CUDA toolkit")
    set(CUDA_TOOLKIT_ROOT_DIR "${local_cuda}" CACHE PATH "CUDA toolkit")
elseif(NOT CMAKE_CUDA_COMPILER AND WAVLAB_SYSTEM_NVCC)
    set(CMAKE_CUDA_COMPILER "${WAVLAB_SYSTEM_NVCC}" CACHE FILEPATH "CUDA compiler")
endif()

# The architectures must be given, or Torch's own probe fails; 9.0+PTX serves every later GPU.
if(NOT DEFINED ENV{TORCH_CUDA_ARCH_LIST} AND NOT TORCH_CUDA_ARCH_LIST)
    set(TORCH_CUDA_ARCH_LIST "8.0;9.0+PTX" CACHE STRING "GPU architectures")
endif()

list(APPEND CMAKE_PREFIX_PATH "${wavlab_local_packages}/torch")
find_package(Torch 2 QUIET)
if(NOT Torch_FOUND)
    message(FATAL_ERROR
        "LibTorch was not found. Run ./run.sh, which installs it into .deps/, or pass -DCMAKE_PREFIX_PATH=<libtorch>. "
        "The PyPI build of LibTorch also needs nvcc (CUDA 13.0).")
endif()
message(STATUS "LibTorch: ${TORCH_INSTALL_PREFIX}")

if(CMAKE_CUDA_COMPILER AND TARGET torch_cuda)
    set(WAVLAB_CUDA ON)
    message(STATUS "CUDA kernels: compiled with ${CMAKE_CUDA_COMPILER}")
else()
    set(WAVLAB_CUDA OFF)
    message(STATUS "CUDA kernels: left out, there is no CUDA compiler or LibTorch is a CPU build")
endif()
