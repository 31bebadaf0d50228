-- Purpose: the postings of a query's words in all their forms.
-- Parameters: forms (text[]), most (postings that are read in all, the rarest forms first).
-- Columns: text, document_frequency, postings (packed, see search.postings, by number; null where
--   they would be too many); forms that no document holds are left out.
-- Index served: the unique text of terms, the primary key (term, block).
SELECT term.text, term.document_frequency,
       (SELECT string_agg(postings, '' ORDER BY block)
          FROM search_postingblock
         WHERE term_id = term.id AND term.so_far <= %(most)s)
  FROM (
    SELECT id, text, document_frequency,
           sum(document_frequency) OVER (ORDER BY document_frequency, id) AS so_far
      FROM search_term
     WHERE text = ANY(%(forms)s) AND document_frequency > 0
  ) AS term
