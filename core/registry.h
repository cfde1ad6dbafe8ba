// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace wavlab {

/// All descriptors of one kind (methods, datasets, tokenizers, plots), ordered by `order`, then by id.
/// A descriptor registers itself from its own source file; nothing else names it.
/// `Descriptor` has the members `std::string id` and `int order`.
template <class Descriptor>
class Registry {
public:
    static const std::vector<Descriptor>& all() { return entries(); }

    /// Null when no descriptor has this id.
    static const Descriptor* find(std::string_view id) {
        for (const Descriptor& entry : entries())
            if (entry.id == id) return &entry;
        return nullptr;
    }

    static void add(Descriptor descriptor) {
        std::vector<Descriptor>& all = entries();
        if (find(descriptor.id)) throw WorkError("two descriptors are registered as '" + descriptor.id + "'");
        const auto before = [](const Descriptor& a, const Descriptor& b) {
            return a.order != b.order ? a.order < b.order : a.id < b.id;
        };
        all.insert(std::upper_bound(all.begin(), all.end(), descriptor, before), std::move(descriptor));
    }

private:
    static std::vector<Descriptor>& entries() {
        static std::vector<Descriptor> list;
        return list;
    }
};

/// Put one at namespace scope in the descriptor's own file.
template <class Descriptor>
struct Registration {
    explicit Registration(Descriptor descriptor) { Registry<Descriptor>::add(std::move(descriptor)); }
};

}  // namespace wavlab
