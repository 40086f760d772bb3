-- +goose Up

-- A provider may count the same calls in a short and in a wide window: 60 in half a minute,
-- 1800 in an hour. A gate's second bucket is for the wide one.
ALTER TABLE gates
	ADD COLUMN IF NOT EXISTS wide_per_second double precision NOT NULL DEFAULT 0, -- 0 = there is none
	ADD COLUMN IF NOT EXISTS wide_burst int NOT NULL DEFAULT 0,
	ADD COLUMN IF NOT EXISTS wide_next_at timestamptz NOT NULL DEFAULT 'epoch';
