package openaifake

import (
	"encoding/json"
	"regexp"
	"strings"

	"parley/bridge/analysis"
)

// Seen is what a model makes of a request.
type Seen struct {
	System   string
	User     string // the first message of a user
	Marker   string // of the lines around the data
	Question analysis.Question
	Request  *analysis.Request // where a text is asked for
	Repair   bool              // the model is shown an error of its own
	Messages int
}

var markers = regexp.MustCompile(`(?m)^(=====DATA-[0-9a-f]{32}=====)$`)

// readSeen reads a request as far as it can.
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

	if m := markers.FindString(s.User); m != "" {
		s.Marker = m
		_, rest, _ := strings.Cut(s.User, "\n"+m+"\n")
		data, _, _ := strings.Cut(rest, "\n"+m+"\n")
		s.Request = readRequest([]byte(data))
		if s.Request == nil {
			s.Question = readDocument([]byte(data))
		}
	}

	return s
}

// document is the form in which package openai shows a question.
type document struct {
	Desk struct {
		Language   string
		Intents    []analysis.Intent
		Tags       []analysis.Tag
		References []analysis.Pattern
		Actions    []analysis.ActionName
	}
	Sources  []analysis.Source
	Examples []analysis.Example
	Before   []message
	Burst    []message
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
		Burst: toMessages(d.Burst), Before: toMessages(d.Before),
		Desk: analysis.Desk{
			Language: d.Desk.Language, Intents: d.Desk.Intents, Tags: d.Desk.Tags, References: d.Desk.References,
			Actions: d.Desk.Actions, Sources: d.Sources, Examples: d.Examples,
		},
	}
}

func toMessages(all []message) []analysis.Message {
	var list []analysis.Message
	for _, m := range all {
		list = append(list, analysis.Message{FromAgent: m.From == "agent", Subject: m.Subject, Text: m.Text, Files: m.Files})
	}
	return list
}
