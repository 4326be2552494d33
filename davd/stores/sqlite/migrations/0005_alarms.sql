-- Queries for alarms are answered from the index. Of objects that were stored before nothing is known: until they are
-- stored again they are looked at, if there is an alarm in them at all, folded lines included.

CREATE TEMP TABLE with_alarms AS
    SELECT object.resource_id, object.collection_id FROM object
    LEFT JOIN content ON content.resource_id = object.resource_id
    WHERE component IN ('VEVENT', 'VTODO') AND (
        content.data IS NULL
        OR instr(
            replace(
                replace(replace(upper(CAST(content.data AS TEXT)), char(13), ''), char(10) || ' ', ''),
                char(10) || char(9), ''
            ),
            'BEGIN:VALARM'
        ) > 0
    );
UPDATE object SET terms = '[["VALARM","far"]]' WHERE resource_id IN (SELECT resource_id FROM with_alarms);
INSERT OR IGNORE INTO term (collection_id, name, text, resource_id)
    SELECT collection_id, 'VALARM', 'far', resource_id FROM with_alarms;
DROP TABLE with_alarms;
