-- The alert that a merged one goes on in, as a field of the event. Events of earlier versions name it in their explanation alone, which
-- was Chinese prose then and begins with it: 并入预警ID。
UPDATE alert_events
SET body = json_set(body, '$.merged_into',
    substr(json_extract(body, '$.explanation'), 5, instr(json_extract(body, '$.explanation'), '。') - 5))
WHERE event = 'closed'
  AND json_type(body, '$.explanation') = 'text'
  AND json_extract(body, '$.explanation') LIKE '并入预警_%。%';
