// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/plots/detail_quantities.h"

#include "core/translatable.h"

namespace wavlab {

const std::vector<DetailQuantity>& detail_quantities() {
    using Frame = DetailFrame;
    static const std::vector<DetailQuantity> all = {
        {.id = "rms",
         .title = WAVLAB_TEXT("RMS"),
         .axis = WAVLAB_TEXT("RMS"),
         .short_axis = WAVLAB_TEXT("RMS"),
         .help = WAVLAB_TEXT(
             "rms(v) = sqrt(mean of v² over the channels), per token, then the mean over tokens. Raw: the "
             "detail as the sublayers give it. Matched: as routers read it, scaled to the RMS of its block's summary."),
         .series = {{WAVLAB_TEXT("summary"), &Frame::summary_rms, SourceKind::block, DetailSeries::broad},
                    {WAVLAB_TEXT("phase, raw"), &Frame::phase_rms, SourceKind::phase},
                    {WAVLAB_TEXT("phase, matched"), &Frame::phase_matched_rms, SourceKind::phase,
                     DetailSeries::matched},
                    {WAVLAB_TEXT("split, raw"), &Frame::split_rms, SourceKind::split},
                    {WAVLAB_TEXT("split, matched"), &Frame::split_matched_rms, SourceKind::split,
                     DetailSeries::matched}}},
        {.id = "scale",
         .title = WAVLAB_TEXT("Matching scale"),
         .axis = WAVLAB_TEXT("Scale rms(b) / rms(p)"),
         .short_axis = WAVLAB_TEXT("Scale"),
         .help = WAVLAB_TEXT(
             "RMS matching multiplies a detail p by rms(b) / (rms(p) + 1e-6), b being its block's summary; no gradient "
             "flows through the ratio unless `detach` is off."),
         .series = {{WAVLAB_TEXT("phase"), &Frame::phase_scale, SourceKind::phase},
                    {WAVLAB_TEXT("split"), &Frame::split_scale, SourceKind::split}}},
        {.id = "cosine",
         .title = WAVLAB_TEXT("Cosine"),
         .axis = WAVLAB_TEXT("Cosine to the summary"),
         .short_axis = WAVLAB_TEXT("Cosine"),
         .help = WAVLAB_TEXT(
             "Cosine of the angle between a detail and its block's summary, per token, then the mean: 0 when the "
             "detail "
             "holds nothing of the summary's direction."),
         .series = {{WAVLAB_TEXT("phase"), &Frame::phase_cosine, SourceKind::phase},
                    {WAVLAB_TEXT("split"), &Frame::split_cosine, SourceKind::split}},
         .around_zero = true},
        {.id = "bias",
         .title = WAVLAB_TEXT("Bias"),
         .axis = WAVLAB_TEXT("Detail bias β"),
         .short_axis = WAVLAB_TEXT("Bias β"),
         .help = WAVLAB_TEXT(
             "The learned bias β of each router on the logits of phase and split details; strongly negative switches "
             "them off."),
         .series = {{WAVLAB_TEXT("phase"), &Frame::phase_bias, SourceKind::phase},
                    {WAVLAB_TEXT("split"), &Frame::split_bias, SourceKind::split}},
         .per_router = true,
         .around_zero = true},
    };
    return all;
}

}  // namespace wavlab
