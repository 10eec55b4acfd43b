//! From the log to the read models: the only floor that writes insight rows.
