package openaifake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// This file validates requests as strictly as OpenAI's server. A server that lacks a feature (see Abilities) refuses the
// requests that use it, with the message of the real one: package openai has to recognise these messages.

// request is the body of a request for a chat completion. Other fields are refused.
type request struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	MaxTokens           *int     `json:"max_tokens"`
	MaxCompletionTokens *int     `json:"max_completion_tokens"`
	Temperature         *float64 `json:"temperature"`
	Stream              bool     `json:"stream"`
	ResponseFormat      *struct {
		Type       string `json:"type"`
		JSONSchema *struct {
			Name   string          `json:"name"`
			Strict bool            `json:"strict"`
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

// refusal is the error with which a request is refused.
type refusal struct {
	status  int
	kind    string // "" means invalid_request_error
	param   string // the invalid field of the request; "" if there is none
	code    string
	message string
}

// parseRequest decodes and validates a request. It returns a nil refusal if the request is valid.
// Source: OpenAI, API reference "Create chat completion", read November 2026.
func (s *Server) parseRequest(body []byte) (request, *refusal) {
	var q request
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return q, s.refuse(refusal{message: "Unrecognized request argument supplied: " + strings.Trim(name, `"`)})
		}
		return q, &refusal{status: http.StatusBadRequest, message: "We could not parse the JSON body of your request."}
	}

	if q.Model == "" {
		return q, &refusal{status: http.StatusBadRequest, message: "you must provide a model parameter"}
	}
	if len(s.options.Models) > 0 && !slices.Contains(s.options.Models, q.Model) {
		return q, &refusal{status: http.StatusNotFound, code: "model_not_found",
			message: fmt.Sprintf("The model `%s` does not exist or you do not have access to it.", q.Model)}
	}
	if len(q.Messages) == 0 {
		return q, &refusal{status: http.StatusBadRequest, param: "messages", code: "empty_array",
			message: "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."}
	}
	if r := s.checkParameters(q); r != nil {
		return q, r
	}

	return q, s.checkFormat(q)
}

// refuse completes the refusal of an unsupported feature with the status that this server uses for that.
func (s *Server) refuse(r refusal) *refusal {
	r.status = cmp.Or(s.options.Abilities.RefuseWith, http.StatusBadRequest)
	return &r
}

// checkParameters checks the limit of the answer and the temperature.
func (s *Server) checkParameters(q request) *refusal {
	can := s.options.Abilities
	switch {
	case q.MaxTokens != nil && !can.MaxTokens:
		return s.refuse(refusal{param: "max_tokens", code: "unsupported_parameter",
			message: "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."})
	case q.MaxCompletionTokens != nil && !can.MaxCompletionTokens:
		return s.refuse(refusal{message: "Unrecognized request argument supplied: max_completion_tokens"})
	case !isDefaultTemperature(q.Temperature) && !can.Temperature:
		return s.refuse(refusal{param: "temperature", code: "unsupported_value",
			message: fmt.Sprintf("Unsupported value: 'temperature' does not support %g with this model. Only the default (1) value is supported.",
				*q.Temperature)})
	}
	return nil
}

func isDefaultTemperature(t *float64) bool { return t == nil || *t == 1 }

var schemaName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// checkFormat checks response_format.
func (s *Server) checkFormat(q request) *refusal {
	f, can := q.ResponseFormat, s.options.Abilities
	if f == nil || can.Ignores {
		return nil
	}

	switch {
	case f.Type == "text":
		return nil
	case f.Type == "json_object" && can.Object:
		if q.mentionsJSON() {
			return nil
		}
		return s.refuse(refusal{param: "messages",
			message: "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."})
	case f.Type == "json_schema" && can.Schema:
		if f.JSONSchema == nil || !schemaName.MatchString(f.JSONSchema.Name) {
			return s.refuse(refusal{param: "response_format.json_schema.name", code: "invalid_value",
				message: "Missing required parameter: 'response_format.json_schema.name'."})
		}
		if err := checkSchema(f.JSONSchema.Schema, 0); err != nil {
			return s.refuse(refusal{param: "response_format",
				message: fmt.Sprintf("Invalid schema for response_format '%s': %v", f.JSONSchema.Name, err)})
		}
		return nil
	}

	return s.refuse(refusal{param: "response_format",
		message: fmt.Sprintf("Invalid parameter: 'response_format' of type '%s' is not supported with this model.", f.Type)})
}

// mentionsJSON reports whether a message contains the word "JSON". OpenAI requires that for json_object, since a model
// that isn't told to write JSON may write white space forever.
func (q request) mentionsJSON() bool {
	for _, m := range q.Messages {
		if strings.Contains(strings.ToLower(m.Content), "json") {
			return true
		}
	}
	return false
}

// checkSchema checks a schema or subschema by the rules of strict mode. depth is 0 for the root, which must be an object.
// Source: OpenAI, "Structured model outputs", supported schemas, read November 2026.
func checkSchema(raw json.RawMessage, depth int) error {
	var s struct {
		Type       string                     `json:"type"`
		Enum       []string                   `json:"enum"`
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
		Items      json.RawMessage            `json:"items"`
		Additional *bool                      `json:"additionalProperties"`
	}

	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf("schema is not permitted: %w", err)
	}
	if depth == 0 && s.Type != "object" {
		return fmt.Errorf(`schema must be a JSON Schema of 'type: "object"', got 'type: "%s"'`, s.Type)
	}

	switch s.Type {
	case "object":
		if s.Additional == nil || *s.Additional {
			return fmt.Errorf("'additionalProperties' is required to be supplied and to be false")
		}

		for name, p := range s.Properties {
			if !slices.Contains(s.Required, name) {
				return fmt.Errorf("'required' is required to be supplied and to be an array including every key in properties. Missing '%s'", name)
			}
			if err := checkSchema(p, depth+1); err != nil {
				return err
			}
		}

		if len(s.Required) != len(s.Properties) {
			return fmt.Errorf("'required' names what is no property")
		}
	case "array":
		return checkSchema(s.Items, depth+1)
	case "string":
		if s.Enum != nil && len(s.Enum) == 0 {
			return fmt.Errorf("enum must not be empty")
		}
	case "boolean", "number", "integer":
	default:
		return fmt.Errorf("schema must have a 'type' key")
	}

	return nil
}
