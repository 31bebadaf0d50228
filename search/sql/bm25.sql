-- Purpose: BM25 ranking of listed photos.
-- Parameters: candidates (tsquery, any form of any word), restriction (tsquery or null),
--   one named vector a form, one idf a word, least_coverage, depth.
--   {word_scores}, {score}, {coverage}: expressions over the words; {filtered}: a condition on
--   the photo, with its own parameters; made by search.retrievers.
-- Columns: photo_id, score; best first, ties by id.
-- Index served: document_tokens (GIN on tsv).
WITH candidate AS (
    SELECT photo_id, {word_scores}
      FROM search_photodocument
     WHERE listed
       AND tsv @@ %(candidates)s::tsquery
       AND (%(restriction)s::tsquery IS NULL OR tsv @@ %(restriction)s::tsquery)
       AND {filtered}
)
SELECT photo_id, {score} AS score
  FROM candidate
 WHERE {coverage} >= %(least_coverage)s
 ORDER BY score DESC, photo_id
 LIMIT %(depth)s
