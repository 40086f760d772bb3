-- +goose Up
-- Agents who alone may read a customer's new conversations, by e-mail address.
ALTER TABLE customer_records ADD COLUMN IF NOT EXISTS visible_to text[] NOT NULL DEFAULT '{}';
