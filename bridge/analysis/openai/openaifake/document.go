package openaifake

import (
	"encoding/json"
	"regexp"
	"strings"

	"parley/bridge/analysis"
)

// This file reads a prompt of package openai as a model would. The user message contains a JSON document between two
// marker lines. The types here are deliberately a copy of those that write it: a change of the format must be made in
// both places, and shows in a test.

// Seen is the content of a request, as far as it could be read.
type Seen struct {
	System   string
	User     string // the first user message
	Marker   string // the marker line around the document; "" if there is none
	Question analysis.Question
	Request  *analysis.Request // set instead of Question if the client asks for a text
	Repair   bool              // the request quotes an earlier answer of the model, to have it corrected
	Messages int               // the number of messages, of all roles
}

// markerLine matches the line before and after the document.
var markerLine = regexp.MustCompile(`(?m)^(=====DATA-[0-9a-f]{32}=====)$`)

// readSeen reads the body of a request. It skips what it doesn't understand.
func readSeen(body []byte) Seen {
	var q request
	if json.Unmarshal(body, &q) != nil {
		return Seen{}
	}

	s := Seen{Messages: len(q.Messages)}
	for _, m := range q.Messages {
		switch {
		case m.Role == "system":
			s.System += m.Content
		case m.Role == "user" && s.User == "":
			s.User = m.Content
		case m.Role == "assistant":
			s.Repair = true
		}
	}

	s.Marker = markerLine.FindString(s.User)
	if s.Marker == "" {
		return s
	}

	line := "\n" + s.Marker + "\n"
	_, rest, _ := strings.Cut(s.User, line)
	data, _, _ := strings.Cut(rest, line)
	s.Request = readRequest([]byte(data))
	if s.Request == nil {
		s.Question = readDocument([]byte(data))
	}
	return s
}

// document is the document of a question.
type document struct {
	Desk struct {
		Language   string
		Intents    []analysis.Intent
		Tags       []analysis.Tag
		References []analysis.Pattern
		Actions    []analysis.ActionName
	}
	Sources []analysis.Source
	Before  []message
	Burst   []message
}

type message struct {
	From    string
	Subject string
	Text    string
	Files   []string
}

func readDocument(data []byte) analysis.Question {
	var d document
	if json.Unmarshal(data, &d) != nil {
		return analysis.Question{}
	}
	return analysis.Question{
		Burst: messagesOf(d.Burst), Before: messagesOf(d.Before),
		Desk: analysis.Desk{
			Language: d.Desk.Language, Intents: d.Desk.Intents, Tags: d.Desk.Tags, References: d.Desk.References,
			Actions: d.Desk.Actions, Sources: d.Sources,
		},
	}
}

func messagesOf(all []message) []analysis.Message {
	var list []analysis.Message
	for _, m := range all {
		list = append(list, analysis.Message{FromAgent: m.From == "agent", Subject: m.Subject, Text: m.Text, Files: m.Files})
	}
	return list
}
