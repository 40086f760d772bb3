-- +goose Up

-- Whether a web site of suggested replies may be read inside the company's own network: that is for super-admins to say,
-- since what is read there comes up in replies. What was named before, or is by a version before, may be as it was.
ALTER TABLE knowledge_places ADD COLUMN IF NOT EXISTS inside boolean NOT NULL DEFAULT true;
