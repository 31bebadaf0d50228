-- Purpose: the documents of the few photos that a phrase, exclusion or filter leaves.
-- Parameters: those of {allowed}, a condition on photo_id.
-- Columns: one, their numbers as int4send writes them, in no order, or null.
-- Index served: document_numbers, which holds all that is read.
SELECT string_agg(int4send(number), '')
  FROM search_photodocument
 WHERE listed AND {allowed}
