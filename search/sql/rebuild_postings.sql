-- Purpose: the postings of all documents, packed.
-- Parameters: block (documents in a row that share one). The text of a sparsevec is
--   {index:weight,...}/dimensions, its indexes are term ids + 1.
-- Columns: none; search_postingblock, which is empty, is filled.
INSERT INTO search_postingblock (term_id, block, postings)
SELECT split_part(entry, ':', 1)::bigint - 1, number / %(block)s,
       string_agg(int4send(number) || float4send(split_part(entry, ':', 2)::real), ''
                  ORDER BY number)
  FROM search_photodocument,
       string_to_table(trim('{}' FROM split_part(weights::text, '/', 1)), ',') AS entry
 WHERE entry <> ''
 GROUP BY 1, 2
