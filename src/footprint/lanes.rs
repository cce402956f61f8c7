//! What is done for each lane.

use super::LANES;
use super::profile::Profile;

/// Does `each` for every lane with the server that it is of. Mostly there is but one: what has to be done for
/// others stands by itself, rather than three times more in the way of what is done for every key.
#[inline(always)]
pub(super) fn each<T>(
    lanes: &mut [T; LANES],
    profiles: &[Profile],
    mut each: impl FnMut(&mut T, &Profile),
) {
    let [lane, more @ ..] = lanes;
    if let Some((profile, others)) = profiles.split_first() {
        each(lane, profile);
        if !others.is_empty() {
            each_other(more, others, each);
        }
    }
}

#[cold]
#[inline(never)]
fn each_other<T>(lanes: &mut [T], profiles: &[Profile], mut each: impl FnMut(&mut T, &Profile)) {
    for (lane, profile) in lanes.iter_mut().zip(profiles) {
        each(lane, profile);
    }
}
