// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/failure.h"

#include <c10/util/Exception.h>

#include <exception>
#include <new>

namespace wavlab {

namespace {

const char* const out_of_memory = "memory ran out: choose a smaller batch, context, width or number of layers";
const char* const out_of_gpu_memory =
    "the GPU's memory ran out: choose a smaller batch (with more accumulation), context, width or number of layers";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Failure describe_failure() {
    try {
        throw;
    } catch (const InputError& error) {
        return {ExitCode::bad_input, error.what()};
    } catch (const WorkError& error) {
        return {ExitCode::failed, error.what()};
    } catch (const c10::OutOfMemoryError&) {
        return {ExitCode::failed, out_of_gpu_memory};
    } catch (const c10::Error& error) {
        const std::string text = error.what_without_backtrace();
        if (text.find("can't allocate memory") != std::string::npos) return {ExitCode::failed, out_of_memory};
        return {ExitCode::failed, "LibTorch failed: " + first_line(text)};
    } catch (const std::bad_alloc&) {
        return {ExitCode::failed, out_of_memory};
    } catch (const std::exception& error) {
        return {ExitCode::failed, first_line(error.what())};
    } catch (...) {
        return {ExitCode::failed, "an unknown error stopped the work"};
    }
}

}  // namespace wavlab
