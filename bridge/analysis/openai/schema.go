package openai

import (
	"encoding/json"
	"slices"

	"parley/bridge/analysis"
)

// Servers with structured outputs guarantee that an answer matches a JSON schema. The schema of a question defines the
// answer's fields, and allows only the names that the question offers (its intents, tags and so on) as values:
//
//	"tags": {"type": "array", "items": {"type": "string", "enum": ["billing", "returns"]}}

// schemaName is the name of the schema in a request.
const schemaName = "analysis"

// maxEnum is the maximum number of values of an enum. A longer list is left out of the schema and checked by decode
// alone. OpenAI allows 1,000 values in a whole schema.
// Source: OpenAI, "Structured model outputs", limitations, read November 2026.
const maxEnum = 200

// newSchema returns the schema of the answer to a question, in the subset of JSON Schema that strict mode allows: every
// field is required, and no others are allowed. It doesn't limit lengths, since some servers reject those keywords.
func newSchema(q analysis.Question) json.RawMessage {
	n := choicesOf(q)
	object := func(fields map[string]any, order ...string) map[string]any {
		return map[string]any{"type": "object", "properties": fields, "required": order, "additionalProperties": false}
	}

	list := func(item any) map[string]any { return map[string]any{"type": "array", "items": item} }
	text := map[string]any{"type": "string"}
	oneOf := func(values []string) map[string]any {
		if len(values) == 0 || len(values) > maxEnum {
			return text
		}
		return map[string]any{"type": "string", "enum": values}
	}

	s := object(map[string]any{
		"language":   text,
		"sentiment":  oneOf(analysis.SentimentNames()),
		"urgent":     map[string]any{"type": "boolean"},
		"because":    text,
		"intents":    list(oneOf(n.intents)),
		"references": list(object(map[string]any{"kind": oneOf(n.kinds), "value": text}, "kind", "value")),
		"tags":       list(oneOf(n.tags)),
		"replies":    list(object(map[string]any{"text": text, "sources": list(oneOf(n.sources))}, "text", "sources")),
		"actions":    list(object(map[string]any{"name": oneOf(n.actions), "value": text}, "name", "value")),
	}, answerFields()...)

	out, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage("{}") // can't happen: the schema consists of strings, lists and maps
	}

	return out
}

// answerFields returns the names of an answer's fields, in the order in which the model should write them.
func answerFields() []string {
	return []string{"language", "sentiment", "urgent", "because", "intents", "references", "tags", "replies", "actions"}
}

// choices holds the names that an answer may use.
type choices struct {
	intents, kinds, tags, sources, actions []string
}

// choicesOf returns the choices that a question offers. A desk without reference patterns gets the built-in kinds.
func choicesOf(q analysis.Question) choices {
	var c choices
	for _, i := range q.Desk.Intents {
		c.intents = append(c.intents, i.Name)
	}

	for _, p := range q.Desk.References {
		c.kinds = appendNew(c.kinds, p.Kind)
	}

	if len(c.kinds) == 0 {
		c.kinds = []string{"order", "quote", "invoice", "shipment", "ticket"}
	}

	for _, t := range q.Desk.Tags {
		c.tags = appendNew(c.tags, t.Name)
	}

	for _, s := range q.Desk.Sources {
		c.sources = appendNew(c.sources, s.ID)
	}

	for _, a := range q.Desk.Actions {
		c.actions = appendNew(c.actions, string(a))
	}

	return c
}

func appendNew(all []string, s string) []string {
	if slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}
