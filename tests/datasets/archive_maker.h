// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wavlab {

/// A member of an archive that a test makes.
struct ArchiveMember {
    std::string name, text;
    std::string link = {};      ///< not empty: a symbolic link to this
    std::string hardlink = {};  ///< not empty: a hard link to this
    bool folder = false, fifo = false;
};

/// A tar archive: compression "", "gzip", "xz", "zstd", "bzip2".
std::string make_tar(const std::vector<ArchiveMember>& members, const std::string& compression = "");
std::string make_zip(const std::vector<ArchiveMember>& members);
/// One text, compressed.
std::string compress(const std::string& text, const std::string& compression);

}  // namespace wavlab
