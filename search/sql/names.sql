-- Purpose: the distinct names in a column of listed photos, at a cost that grows with their number
--   and not with the gallery (a loose index scan).
-- Parameters: none. {column}: formatted in by search.filters.
-- Columns: name, ascending; empty ones are left out.
-- Index served: photo_listed_{column}.
WITH RECURSIVE found AS (
    (SELECT {column} AS name FROM gallery_photo
      WHERE listed AND {column} > '' ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT {column} FROM gallery_photo
             WHERE listed AND {column} > found.name ORDER BY {column} LIMIT 1)
      FROM found
     WHERE found.name IS NOT NULL
)
SELECT name FROM found WHERE name IS NOT NULL
