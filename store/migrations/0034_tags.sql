-- +goose Up

-- Tags are chosen from a list that admins keep: each has a category, and may stand out as a label. One that is taken
-- out of the list stays as a row, so that conversations that have it show it as before.
ALTER TABLE tags
	ADD COLUMN IF NOT EXISTS description text NOT NULL DEFAULT '',
	ADD COLUMN IF NOT EXISTS category text NOT NULL DEFAULT '',       -- topic, issue, priority, workflow, segment; '' = none
	ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'tag',        -- tag, or label: its conversations stand out in lists
	ADD COLUMN IF NOT EXISTS formerly text[] NOT NULL DEFAULT '{}',   -- names that it had: conversations may still have them
	ADD COLUMN IF NOT EXISTS active boolean NOT NULL DEFAULT true;    -- false = it can't be chosen any more

-- What follows also runs where it ran before: when the version that was taken back to (parley migrate --back) is left again.
-- A tag that has another name or spelling now, or became a part of another one, doesn't come back then, and categories that
-- admins chose stay, also where that is none.
INSERT INTO tags (name, color, category)
SELECT d.name, d.color, d.category
FROM (VALUES
	('Billing', '#0e7490', 'topic'), ('Billing Issue', '#b45309', 'issue'), ('Complaint', '#b91c1c', 'issue'),
	('New User', '#15803d', 'segment'), ('Product Question', '#4338ca', 'issue'), ('Sales', '#0f766e', 'topic'),
	('Support', '#1d4ed8', 'topic'), ('Technical Issue', '#7c3aed', 'issue'), ('Urgent', '#dc2626', 'priority'),
	('VIP Customer', '#a16207', 'segment')) AS d (name, color, category)
WHERE NOT EXISTS (SELECT FROM tags AS t WHERE lower(t.name) = lower(d.name) AND t.name <> d.name)
	AND NOT EXISTS (SELECT FROM tags AS t, unnest(t.formerly) AS former (name) WHERE lower(former.name) = lower(d.name))
ON CONFLICT (name) DO UPDATE SET category = EXCLUDED.category WHERE NOT EXISTS (SELECT FROM tags AS t WHERE t.category <> '');

INSERT INTO tags (name, color, category, kind)
SELECT l.name, l.color, 'workflow', 'label'
FROM (VALUES ('Bug Report', '#b91c1c'), ('Escalated', '#dc2626'), ('Feature Request', '#4338ca'), ('Follow-up Required', '#b45309')) AS l (name, color)
WHERE NOT EXISTS (SELECT FROM tags AS t WHERE lower(t.name) = lower(l.name))
	AND NOT EXISTS (SELECT FROM tags AS t, unnest(t.formerly) AS former (name) WHERE lower(former.name) = lower(l.name))
ON CONFLICT (name) DO NOTHING;
