package openai

import (
	"encoding/json"
	"slices"

	"parley/bridge/analysis"
)

// A server that knows JSON Schema can be made to answer in a given form. The schema here says which fields an
// answer has and lists the desk's intents, tags and so on as the only values.

// schemaName names the schema in a request.
const schemaName = "analysis"

// mostEnum is how many values an enumeration may have; OpenAI allows a thousand in a whole schema.
// Source: OpenAI, "Structured model outputs", limitations, read November 2026.
const mostEnum = 200

// newSchema describes the answer to a question, in the subset of JSON Schema that strict mode allows: every field is
// required, and no others are allowed. Lengths are not bounded, since some servers don't know the keywords for that.
func newSchema(q analysis.Question) json.RawMessage {
	n := allowedNames(q)
	object := func(fields map[string]any, order ...string) map[string]any {
		return map[string]any{"type": "object", "properties": fields, "required": order, "additionalProperties": false}
	}

	list := func(item any) map[string]any { return map[string]any{"type": "array", "items": item} }
	text := map[string]any{"type": "string"}
	one := func(values []string) map[string]any {
		if len(values) == 0 || len(values) > mostEnum {
			return text
		}
		return map[string]any{"type": "string", "enum": values}
	}

	s := object(map[string]any{
		"language":   text,
		"sentiment":  one(analysis.SentimentNames()),
		"urgent":     map[string]any{"type": "boolean"},
		"because":    text,
		"intents":    list(one(n.intents)),
		"references": list(object(map[string]any{"kind": one(n.kinds), "value": text}, "kind", "value")),
		"tags":       list(one(n.tags)),
		"replies":    list(object(map[string]any{"text": text, "sources": list(one(n.sources))}, "text", "sources")),
		"actions":    list(object(map[string]any{"name": one(n.actions), "value": text}, "name", "value")),
	}, answerFields()...)

	out, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage("{}") // maps of strings always have a form
	}

	return out
}

func answerFields() []string {
	return []string{"language", "sentiment", "urgent", "because", "intents", "references", "tags", "replies", "actions"}
}

// choices are the names that an answer may use.
type choices struct {
	intents, kinds, tags, sources, actions []string
}

func allowedNames(q analysis.Question) choices {
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
