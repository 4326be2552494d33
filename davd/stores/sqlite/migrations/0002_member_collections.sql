-- The collections among the members of a collection: what an answer about all of its members rests on is summed over
-- them, however many files there are.

CREATE INDEX resource_collections ON resource (parent_id) WHERE type <> 'file';
