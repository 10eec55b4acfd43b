-- What was logged is not changed by the service; only an erasure, as ci_eraser, may delete it.
revoke update, delete on activity_log from ci_app;
revoke update on activity_log from ci_eraser;
