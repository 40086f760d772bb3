-- +goose Up

-- Texts that are prepared, and where the provider wants that, approved before they are sent.
-- The provider is told in the background: todo says what of, todo_at when.
CREATE TABLE IF NOT EXISTS templates (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
	name text NOT NULL,                          -- ours
	language text NOT NULL,
	provider_name text NOT NULL,
	category text NOT NULL CHECK (category IN ('utility', 'marketing', 'authentication')),
	uses text[] NOT NULL,                        -- start, reply, window
	labels text[] NOT NULL DEFAULT '{}',
	header text NOT NULL DEFAULT '',
	body text NOT NULL,
	footer text NOT NULL DEFAULT '',
	buttons jsonb NOT NULL DEFAULT '[]',         -- [{id, title, url}]
	examples jsonb NOT NULL DEFAULT '{}',        -- by variable
	version int NOT NULL DEFAULT 1,              -- rises when what the provider sees changes
	external_id text NOT NULL DEFAULT '',
	status text NOT NULL DEFAULT 'pending' CHECK (status IN ('draft', 'pending', 'approved', 'rejected', 'paused', 'disabled')),
	reason text NOT NULL DEFAULT '',
	quality text NOT NULL DEFAULT '',
	provider_category text NOT NULL DEFAULT '',  -- as the provider sees it: it decides the price
	agent_id bigint,                             -- who handed it in, and is told of the verdict
	todo text NOT NULL DEFAULT '' CHECK (todo IN ('', 'submit', 'delete')),
	todo_at timestamptz NOT NULL DEFAULT parley_now(),
	tries int NOT NULL DEFAULT 0,
	epoch bigint NOT NULL DEFAULT 0,             -- rises with each claim and change: the fence
	leased_until timestamptz,                    -- database's clock
	submitted_at timestamptz,                    -- when the provider last took it, database's clock
	changed_at timestamptz NOT NULL DEFAULT parley_now(),
	UNIQUE (account_id, name, language)
);
CREATE INDEX IF NOT EXISTS templates_todo ON templates (todo_at) WHERE todo <> '';

-- When an account's templates are compared with the provider's list next.
CREATE TABLE IF NOT EXISTS template_lists (
	account_id bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
	due_at timestamptz NOT NULL,
	leased_until timestamptz
);

-- Which template a message is, as it was then, with its values; NULL = none.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS template jsonb;
