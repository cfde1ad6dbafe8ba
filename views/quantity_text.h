// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

#include <QString>

namespace wavlab {

// Numbers for people; the same in every locale, as the rest of the window is English.

/// "1,234,567".
QString count_text(double count);
/// "950", "12.3 k", "1.23 M", "4.5 G", "7.8 T".
QString short_count_text(double count);
/// "412 MB", "1.3 GB" (powers of ten).
QString bytes_text(double bytes);
/// "0:42", "12:05", "1:02:03", "3 d 04:00"; "?" for what is not a number.
QString duration_text(double seconds);
/// "1.2345", "nan"; "–" when there is none.
QString loss_text(std::optional<double> loss);
/// "2026-01-31 14:05" in local time, of an ISO 8601 time; as it is when it is none.
QString local_time_text(const QString& iso);

}  // namespace wavlab
