// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/color_map.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace wavlab {

namespace {

using Samples = std::array<unsigned, 33>;

// viridis (van der Walt and Smith, CC0), 33 even samples.
constexpr Samples viridis = {0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453781, 0x424086, 0x3e4989, 0x3b528b,
                             0x375b8d, 0x33638d, 0x2f6b8e, 0x2c728e, 0x297a8e, 0x26828e, 0x23898e, 0x21918c, 0x1f988b,
                             0x1fa088, 0x22a785, 0x28ae80, 0x32b67a, 0x3fbc73, 0x4ec36b, 0x5ec962, 0x70cf57, 0x84d44b,
                             0x98d83e, 0xaddc30, 0xc2df23, 0xd8e219, 0xece51b, 0xfde725};

// cividis (Nuñez, Anderton and Renslow 2018), 33 even samples.
constexpr Samples cividis = {0x00224e, 0x00285b, 0x002e6a, 0x053371, 0x1a386f, 0x273e6e, 0x32436d, 0x3b496c, 0x434e6c,
                             0x4b546c, 0x535a6d, 0x5a5f6e, 0x61656f, 0x686a71, 0x6f7073, 0x767676, 0x7d7c78, 0x848279,
                             0x8c8878, 0x938e78, 0x9b9476, 0xa39a74, 0xaba072, 0xb4a76f, 0xbcae6c, 0xc4b468, 0xcdbb63,
                             0xd5c25e, 0xdec958, 0xe7d150, 0xf0d846, 0xf9e03a, 0xfee838};

// magma (van der Walt and Smith, CC0), 33 even samples.
constexpr Samples magma = {0x000004, 0x030311, 0x0a0822, 0x130d33, 0x1d1146, 0x28115a, 0x36106a, 0x430f76, 0x50127c,
                           0x5d177f, 0x691c81, 0x762181, 0x822681, 0x8f2a81, 0x9c2e7f, 0xa9327d, 0xb63779, 0xc33b75,
                           0xcf4170, 0xdb486a, 0xe65163, 0xee5c5e, 0xf5695c, 0xf9785d, 0xfb8761, 0xfd9668, 0xfea571,
                           0xfeb47b, 0xfec387, 0xfed194, 0xfde0a2, 0xfceeb0, 0xfcfdbf};

// ColorBrewer's RdBu, reversed: blue below, red above.
constexpr Samples diverging = {0x053061, 0x0e4179, 0x175290, 0x1f63a8, 0x2a71b2, 0x3480b9, 0x3f8ec0, 0x529dc8, 0x6bacd1,
                               0x84bcd9, 0x9bc9e0, 0xaed3e6, 0xc2ddec, 0xd4e6f1, 0xe0ecf3, 0xecf2f5, 0xf7f6f6, 0xf9eee7,
                               0xfbe5d8, 0xfddcc9, 0xfbccb4, 0xf8bb9e, 0xf5aa89, 0xee9677, 0xe48066, 0xdb6b55, 0xd05548,
                               0xc53e3d, 0xba2832, 0xab162a, 0x930e26, 0x7c0722, 0x67001f};

const Samples& samples_of(ColorMap map) {
    switch (map) {
        case ColorMap::cividis:
            return cividis;
        case ColorMap::magma:
            return magma;
        case ColorMap::diverging:
            return diverging;
        case ColorMap::viridis:
            break;
    }
    return viridis;
}

}  // namespace

ColorMap sequential_color_map(std::string_view name) {
    if (name == "cividis") return ColorMap::cividis;
    return name == "magma" ? ColorMap::magma : ColorMap::viridis;
}

QRgb color_at(ColorMap map, double t) {
    const Samples& samples = samples_of(map);
    const double place = std::clamp(std::isfinite(t) ? t : 0.0, 0.0, 1.0) * double(samples.size() - 1);
    const std::size_t index = std::min(std::size_t(place), samples.size() - 2);
    const double share = place - double(index);
    const auto channel = [&](int shift) {
        const double low = double((samples[index] >> shift) & 0xff);
        const double high = double((samples[index + 1] >> shift) & 0xff);
        return int(low + share * (high - low) + 0.5);
    };
    return qRgb(channel(16), channel(8), channel(0));
}

QRgb text_color_on(QRgb ground) {
    const double lightness = 0.299 * qRed(ground) + 0.587 * qGreen(ground) + 0.114 * qBlue(ground);
    return lightness > 140 ? qRgb(0, 0, 0) : qRgb(255, 255, 255);
}

}  // namespace wavlab
