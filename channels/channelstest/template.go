package channelstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"parley/channels"
)

// TemplateChannel is a Channel with templates. A template is a text with placeholders, such as "Hello
// {{name}}", that the provider must approve before it may be sent.
type TemplateChannel struct{ *Channel }

var _ channels.Templater = (*TemplateChannel)(nil)

// NewTemplating returns a channel with templates that is connected to a provider.
func NewTemplating(p *Provider, secret string, caps channels.Capabilities, env channels.Env) *TemplateChannel {
	caps.Templates = true
	return &TemplateChannel{New(p, secret, caps, env)}
}

// Template is a template as the provider stores it.
type Template struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Language string `json:"language"`
	Category string `json:"category"`
	Body     string `json:"body"`
	Status   string `json:"status"`
	Reason   string `json:"reason,omitempty"`
	Quality  string `json:"quality,omitempty"`
}

// SentTemplate says from which template a message was made, and with which values.
type SentTemplate struct {
	Name     string            `json:"name"`
	Language string            `json:"language"`
	Values   map[string]string `json:"values"`
}

// SubmitTemplate implements channels.Templater.
func (c *TemplateChannel) SubmitTemplate(ctx context.Context, t channels.Template) (channels.TemplateState, error) {
	submitted := Template{ID: t.ExternalID, Name: t.Name, Language: t.Language, Category: t.Category, Body: t.Body}
	var stored Template
	err := c.callTemplates(ctx, http.MethodPost, submitted, &stored)
	return stateOf(stored), err
}

// DeleteTemplate implements channels.Templater.
func (c *TemplateChannel) DeleteTemplate(ctx context.Context, t channels.Template) error {
	return c.callTemplates(ctx, http.MethodDelete, Template{ID: t.ExternalID}, nil)
}

// ListTemplates implements channels.Templater.
func (c *TemplateChannel) ListTemplates(ctx context.Context) ([]channels.TemplateState, error) {
	var list []Template
	if err := c.callTemplates(ctx, http.MethodGet, nil, &list); err != nil {
		return nil, err
	}
	var states []channels.TemplateState
	for _, t := range list {
		states = append(states, stateOf(t))
	}
	return states, nil
}

func stateOf(t Template) channels.TemplateState {
	return channels.TemplateState{
		ExternalID: t.ID,
		Name:       t.Name,
		Language:   t.Language,
		Category:   t.Category,
		Status:     channels.TemplateStatus(t.Status),
		Reason:     t.Reason,
		Quality:    t.Quality,
	}
}

// callTemplates calls the provider's API for templates. It decodes the response into response, unless that is nil.
// Errors: *channels.SendError.
func (c *TemplateChannel) callTemplates(ctx context.Context, method string, request, response any) error {
	resp, err := c.call(ctx, method, "/templates", request)
	if err != nil {
		return err
	}
	defer resp.Body.Close()

	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnprocessableEntity:
		return &channels.SendError{Class: channels.BadContent, Text: resp.Header.Get("X-Reason")}
	default:
		return &channels.SendError{Class: channels.Retry, Text: "The provider stumbled.", Cause: errors.New(resp.Status)}
	}

	if response == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(response); err != nil {
		return &channels.SendError{Class: channels.Ambiguous, Text: "The answer was lost.", Cause: err}
	}

	return nil
}

// serveTemplates lists templates (GET), deletes one (DELETE), or adds or edits one (POST). A template whose
// body contains "forbidden" is rejected at once; others are pending until Decide.
func (p *Provider) serveTemplates(w http.ResponseWriter, r *http.Request) {
	var t Template
	err := json.NewDecoder(r.Body).Decode(&t)
	if err != nil && r.Method != http.MethodGet { // a request for the list has no body
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.changed.Poke()
	p.templateCalls = append(p.templateCalls, r.Method)
	var response any
	refusal := ""
	switch r.Method {
	case http.MethodGet:
		response = p.templates
	case http.MethodDelete:
		refusal = p.deleteTemplate(t.ID)
	case http.MethodPost:
		response, refusal = p.putTemplate(t)
	}

	if refusal != "" {
		w.Header().Set("X-Reason", refusal)
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	if r.Method == http.MethodPost && p.loseAnswers > 0 {
		p.loseAnswers--
		panic(http.ErrAbortHandler)
	}
	_ = json.NewEncoder(w).Encode(response)
}

// deleteTemplate deletes a template, or returns the reason for refusing it. The caller holds the lock.
func (p *Provider) deleteTemplate(id string) (refusal string) {
	before := len(p.templates)
	p.templates = slices.DeleteFunc(p.templates, func(t Template) bool { return t.ID == id })
	if len(p.templates) == before {
		return "There is no such template."
	}
	return ""
}

// putTemplate adds a template, or replaces the one with its id, and returns the stored template, or the
// reason for refusing it. The caller holds the lock.
func (p *Provider) putTemplate(t Template) (stored Template, refusal string) {
	at := slices.IndexFunc(p.templates, func(other Template) bool { return other.ID == t.ID })
	isSameName := func(other Template) bool { return other.Name == t.Name && other.Language == t.Language }
	switch {
	case at >= 0 && p.templates[at].Status == string(channels.TemplatePending):
		return t, "It is being reviewed." // like at Meta, a pending template can't be edited
	case strings.Contains(t.Body, "forbidden"):
		return t, "The body is against the rules."
	case at >= 0:
		t.Name, t.Language = p.templates[at].Name, p.templates[at].Language
	case t.ID != "":
		return t, "There is no such template."
	case slices.ContainsFunc(p.templates, isSameName):
		return t, "There is a template of this name already."
	default:
		p.serial++
		t.ID = fmt.Sprintf("t-%d", p.serial)
		at, p.templates = len(p.templates), append(p.templates, t)
	}

	t.Status = string(channels.TemplatePending)
	p.templates[at] = t
	return t, ""
}

// isUsable reports whether a message with this template, or without one, may be sent.
func (p *Provider) isUsable(t *SentTemplate) bool {
	if t == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.templates, func(other Template) bool {
		isSame := other.Name == t.Name && other.Language == t.Language
		return isSame && other.Status == string(channels.TemplateApproved)
	})
}

// LoseTemplateAnswers makes the responses to the next n templates that are added or edited get lost. The
// templates are stored nevertheless.
func (p *Provider) LoseTemplateAnswers(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loseAnswers = n
}

// Templates returns the stored templates.
func (p *Provider) Templates() []Template {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.templates)
}

// TemplateCalls returns the HTTP methods of all calls about templates, in order.
func (p *Provider) TemplateCalls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.templateCalls)
}

// Decide changes the template with a name, for example approves it, and returns the event that reports that.
// It returns the zero Event if there is no such template.
func (p *Provider) Decide(name string, change func(*Template)) Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.changed.Poke()
	for i := range p.templates {
		if t := &p.templates[i]; t.Name == name {
			change(t)
			p.serial++
			return Event{Type: "template", ID: fmt.Sprintf("v-%d", p.serial), Template: t}
		}
	}
	return Event{}
}
