-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002. By which rules an account's conversations are given to people, and how each agent
-- takes part in that, as package routing encodes both. A version before this one leaves them as they are.
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS routing jsonb NOT NULL DEFAULT '{}';
ALTER TABLE agents ADD COLUMN IF NOT EXISTS routing jsonb NOT NULL DEFAULT '{}';

-- Conversations that the rules have given to an agent, or to a team (agent_id 0), until the event that says so is applied. Times
-- are the database's clock.
CREATE TABLE IF NOT EXISTS routed (
	conversation_id bigint PRIMARY KEY,
	agent_id bigint NOT NULL,
	at timestamptz NOT NULL
);

-- Who was given a conversation last has the highest turn.
CREATE TABLE IF NOT EXISTS routing_turns (
	agent_id bigint PRIMARY KEY,
	turn bigint NOT NULL
);

-- What the company knows of its customers: imported, never changed by a conversation. An address is a key of identities, or
-- "@shop.example" for all of a mail domain.
CREATE TABLE IF NOT EXISTS customers (
	address text PRIMARY KEY,
	salesman text NOT NULL DEFAULT '',    -- an agent's e-mail address
	brands text[] NOT NULL DEFAULT '{}',
	fields jsonb NOT NULL DEFAULT '{}'
);

-- Open conversations that nobody has.
DROP INDEX CONCURRENTLY IF EXISTS conversations_unassigned;
CREATE INDEX CONCURRENTLY conversations_unassigned ON conversations (account_id, waiting_since)
	WHERE kind = 'customer' AND status = 'open' AND assignees = '{}';
