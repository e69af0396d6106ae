-- A removed endpoint keeps its name, so that it is not given again; its address and secret are nobody's business any more.
UPDATE endpoints SET body = json_set(body, '$.url', '', '$.secret', NULL) WHERE removed_at IS NOT NULL;
