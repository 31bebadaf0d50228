-- Purpose: the listed photos of documents that were ranked by number.
-- Parameters: numbers (int[], best first), depth, those of {condition}, which is true of the photos
--   that are allowed.
-- Columns: one, the ids of up to depth photos in the order of numbers, 16 bytes each, or null.
-- Index served: the unique number of documents.
SELECT string_agg(uuid_send(photo_id), '' ORDER BY place)
  FROM (
    SELECT indexed.photo_id, asked.place
      FROM unnest(%(numbers)s::int[]) WITH ORDINALITY AS asked (number, place)
      JOIN search_photodocument AS indexed USING (number)
     WHERE indexed.listed AND {condition}
     ORDER BY asked.place
     LIMIT %(depth)s
  ) AS ranked
