-- +goose Up

-- Whether an agent takes part ('' = available, 'away'), and of which notices the agent is not told by a mention.
-- A version that doesn't know them leaves both as they are, and mentions as before.
ALTER TABLE agents ADD COLUMN IF NOT EXISTS presence text NOT NULL DEFAULT '', ADD COLUMN IF NOT EXISTS quiet text[] NOT NULL DEFAULT '{}';
