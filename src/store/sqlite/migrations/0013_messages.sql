-- What messages about an alert's events are called (GB/T 35965.1): YYYYMMDDhhmmss_N, given once, in the order of events.
ALTER TABLE alert_events ADD COLUMN message TEXT;      -- none for events of earlier versions
CREATE UNIQUE INDEX alert_events_by_message ON alert_events (message);
