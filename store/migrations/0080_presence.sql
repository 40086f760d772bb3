-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002. Since when an agent's presence is as it is, until when, and who covers meanwhile. A version before this one leaves them as they are.
ALTER TABLE agents ADD COLUMN IF NOT EXISTS presence_at timestamptz NOT NULL DEFAULT 'epoch',
	ADD COLUMN IF NOT EXISTS presence_until timestamptz, ADD COLUMN IF NOT EXISTS cover bigint;

-- Conversations that were taken from an agent who isn't there, until the agent is told.
CREATE TABLE IF NOT EXISTS given_back (
	agent_id bigint NOT NULL,
	conversation_id bigint NOT NULL,
	PRIMARY KEY (agent_id, conversation_id)
);

-- Customers who are one agent's own, each by one of their identities.
CREATE TABLE IF NOT EXISTS pins (
	identity_id bigint PRIMARY KEY,
	agent_id bigint NOT NULL
);

-- To whom a customer's conversations go before all rules: e-mail addresses of agents.
ALTER TABLE customers ADD COLUMN IF NOT EXISTS assignees text[] NOT NULL DEFAULT '{}';
