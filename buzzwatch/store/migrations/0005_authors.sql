-- What is known of each author of a brand: numbers and a key that names nobody. `key` is the brand's number << 32 and the
-- key of the author that sightings carry: found and written at half the price of a key of two columns.
CREATE TABLE author_brand (number INTEGER PRIMARY KEY, brand TEXT NOT NULL UNIQUE);

-- Each of the last twelve months has the slot of its number modulo 12: number << 40 | official answers << 24 | mentions.
-- An exchange goes on while no day passes without a mention; `answered` and `before_answered` are how long it waited for
-- an answer, NULL for none.
CREATE TABLE author (
    key INTEGER PRIMARY KEY,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    since INTEGER NOT NULL,           -- when the last exchange began
    answered INTEGER,
    before_at INTEGER,                -- when the one before it began
    before_answered INTEGER,
    month_0 INTEGER NOT NULL DEFAULT 0,
    month_1 INTEGER NOT NULL DEFAULT 0,
    month_2 INTEGER NOT NULL DEFAULT 0,
    month_3 INTEGER NOT NULL DEFAULT 0,
    month_4 INTEGER NOT NULL DEFAULT 0,
    month_5 INTEGER NOT NULL DEFAULT 0,
    month_6 INTEGER NOT NULL DEFAULT 0,
    month_7 INTEGER NOT NULL DEFAULT 0,
    month_8 INTEGER NOT NULL DEFAULT 0,
    month_9 INTEGER NOT NULL DEFAULT 0,
    month_10 INTEGER NOT NULL DEFAULT 0,
    month_11 INTEGER NOT NULL DEFAULT 0
);

-- What the journal knows already; who was answered is counted from now on.
INSERT INTO author_brand (brand) SELECT DISTINCT brand FROM journal WHERE kind = 'sighting';
INSERT INTO author
SELECT key, min(first_at), max(last_at), max(last_at), NULL, NULL, NULL,
    max(CASE month % 12 WHEN 0 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 1 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 2 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 3 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 4 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 5 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 6 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 7 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 8 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 9 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 10 THEN month << 40 | number ELSE 0 END),
    max(CASE month % 12 WHEN 11 THEN month << 40 | number ELSE 0 END)
FROM (
    SELECT key, month, count(*) AS number, min(at) AS first_at, max(at) AS last_at
    FROM (
        SELECT key, at, strftime('%Y', at / 1000, 'unixepoch') * 12 + strftime('%m', at / 1000, 'unixepoch') - 1 AS month
        FROM (
            SELECT number << 32 | json ->> 'author' AS key, min(json ->> 'posted_at', json ->> 'seen_at') AS at
            FROM (SELECT brand, CAST(body AS TEXT) AS json FROM journal WHERE kind = 'sighting') JOIN author_brand USING (brand)
            WHERE json ->> 'author' != 0 AND NOT json ->> 'official' AND coalesce(json ->> 'voice', '') != 'ours'
        )
    )
    GROUP BY key, month
)
GROUP BY key;
