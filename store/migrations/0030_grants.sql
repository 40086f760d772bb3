-- +goose Up

-- Consents by which Parley signs in to mailboxes at their providers (OAuth). Times are the database's clock.
CREATE TABLE IF NOT EXISTS grants (
	account_id bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
	provider text NOT NULL,               -- google, microsoft
	signed_in text NOT NULL,              -- who consented; '' = the provider didn't say
	sealed bytea NOT NULL,                -- the tokens
	renew_at timestamptz NOT NULL,        -- when the access token is to be replaced
	expires_at timestamptz NOT NULL,      -- when it ends
	refused text NOT NULL DEFAULT '',     -- in which words the provider said that the consent is over; '' = it is not
	version bigint NOT NULL DEFAULT 1,    -- rises with each change: the fence
	connected bigint NOT NULL DEFAULT 1   -- rises when a person consents again
);

-- Attempts of people to consent, from when they leave for the provider until a day later. An attempt is used once.
CREATE TABLE IF NOT EXISTS grant_attempts (
	state bytea PRIMARY KEY,              -- a hash of what comes back with the person
	account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
	owner bytea NOT NULL,                 -- a hash of the session in which it began
	sealed bytea NOT NULL,                -- what the exchange needs
	until timestamptz NOT NULL,           -- the database's clock
	used_at timestamptz
);
CREATE INDEX IF NOT EXISTS grant_attempts_until ON grant_attempts (until);
CREATE INDEX IF NOT EXISTS grant_attempts_account ON grant_attempts (account_id);
