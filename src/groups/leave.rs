//! What is no longer needed.

/// Frees what is no longer needed, on another thread where there are some: of trees of names that takes about
/// as long as all that is left to do. (One thread alone would come to it last, after a second pass.)
pub(super) fn leave(spent: impl Send + 'static) {
    if rayon::current_thread_index().is_some() && rayon::current_num_threads() > 1 {
        rayon::spawn(|| drop(spent));
    }
}
