package meta

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"parley/channels"
)

// maxPages limits the pages of templates that are read. Each has 100 templates.
const maxPages = 100

// templateState is a template as the Graph API returns it.
type templateState struct {
	ID       loose `json:"id"`
	Name     loose `json:"name"`
	Status   loose `json:"status"`
	Language loose `json:"language"`
	Category loose `json:"category"`
	Quality  *struct {
		Score loose `json:"score"`
	} `json:"quality_score"`
	Rejected loose `json:"rejected_reason"`
}

// asTemplateState converts a template to Parley's type.
func (s templateState) asTemplateState() channels.TemplateState {
	t := channels.TemplateState{
		ExternalID: string(s.ID),
		Name:       string(s.Name),
		Language:   string(s.Language),
		Category:   strings.ToLower(string(s.Category)),
		Status:     templateStatus(string(s.Status)),
	}
	if t.Status == "" { // an unknown status counts as not approved
		t.Status = channels.TemplatePending
	}
	if s.Quality != nil {
		t.Quality = qualityWord(string(s.Quality.Score))
	}
	if s.Rejected != "" && s.Rejected != "NONE" {
		t.Reason = readableWords(s.Rejected)
	}
	return t
}

// SubmitTemplate implements channels.Templater. It submits a template to Meta for approval: a new one, or a
// new version of the one with t.ExternalID. Meta's variables are numbers, so {{name}} becomes {{1}}.
func (c *Number) SubmitTemplate(ctx context.Context, t channels.Template) (channels.TemplateState, error) {
	if t.ExternalID == "" && !channels.IsKnown(t.Language) {
		return channels.TemplateState{}, channels.RefuseContent(fmt.Sprintf("WhatsApp has no templates in the language %q.", t.Language),
			"Make it anew in one that Meta lists: de, en_US, pt_BR.")
	}
	components, err := templateComponents(t)
	if err != nil {
		return channels.TemplateState{}, err
	}

	state := channels.TemplateState{
		ExternalID: t.ExternalID,
		Name:       t.Name,
		Language:   t.Language,
		Category:   t.Category,
		Status:     channels.TemplatePending,
	}
	if t.ExternalID != "" {
		state.Category, err = editTemplate(ctx, c, t, components)
		if err != nil {
			return channels.TemplateState{}, c.templateError(err)
		}
		return state, nil
	}

	submitted := object{
		"name":             t.Name,
		"language":         t.Language,
		"category":         strings.ToUpper(t.Category),
		"parameter_format": "POSITIONAL",
		"components":       components,
	}
	var answer templateState
	if err := c.graph.Call(ctx, http.MethodPost, c.waba+"/message_templates", nil, submitted, &answer); err != nil {
		return channels.TemplateState{}, c.templateError(err)
	}

	state.ExternalID = string(answer.ID)
	if answer.Category != "" { // Meta may have chosen another category
		state.Category = strings.ToLower(string(answer.Category))
	}

	state.Status = cmp.Or(templateStatus(string(answer.Status)), state.Status)
	return state, nil
}

// editTemplate changes a template that Meta knows, and returns its resulting category. Meta refuses to change
// the category of an approved template, so such a template keeps its own.
// Source: WhatsApp Business Management API, "Edit a message template".
func editTemplate(ctx context.Context, c *Number, t channels.Template, components []object) (category string, err error) {
	path := url.PathEscape(t.ExternalID)
	var known templateState
	if err := c.graph.Call(ctx, http.MethodGet, path, url.Values{"fields": {"status,category"}}, nil, &known); err != nil {
		return "", err
	}

	changes := object{"components": components}
	category = t.Category
	isApproved := known.asTemplateState().Status == channels.TemplateApproved
	if isApproved || category == "" {
		category = strings.ToLower(string(known.Category))
	} else {
		changes["category"] = strings.ToUpper(category)
	}
	return category, c.graph.Call(ctx, http.MethodPost, path, nil, changes, nil)
}

// DeleteTemplate implements channels.Templater. Without an external id, it deletes the template in all
// languages.
func (c *Number) DeleteTemplate(ctx context.Context, t channels.Template) error {
	q := url.Values{"name": {t.Name}}
	if t.ExternalID != "" {
		q.Set("hsm_id", t.ExternalID)
	}
	if err := c.graph.Call(ctx, http.MethodDelete, c.waba+"/message_templates", q, nil, nil); err != nil {
		return c.templateError(err)
	}
	return nil
}

// ListTemplates implements channels.Templater.
func (c *Number) ListTemplates(ctx context.Context) ([]channels.TemplateState, error) {
	q := url.Values{"fields": {"id,name,status,language,category,quality_score,rejected_reason"}, "limit": {"100"}}
	var all []channels.TemplateState
	for range maxPages {
		var page struct {
			Data   []templateState `json:"data"`
			Paging struct {
				Cursors struct {
					After string `json:"after"`
				} `json:"cursors"`
				Next string `json:"next"`
			} `json:"paging"`
		}
		if err := c.graph.Call(ctx, http.MethodGet, c.waba+"/message_templates", q, nil, &page); err != nil {
			return nil, c.templateError(err)
		}

		for _, t := range page.Data {
			all = append(all, t.asTemplateState())
		}

		if page.Paging.Next == "" || page.Paging.Cursors.After == "" {
			return all, nil
		}

		q.Set("after", page.Paging.Cursors.After)
	}

	return nil, &channels.SendError{Class: channels.Retry, Text: "WhatsApp's list of templates has no end."}
}

// templateError returns the error of a failed request about templates.
func (c *Number) templateError(err error) error {
	out := callError(c, err)
	if out.Class == channels.Ambiguous {
		out.Text, out.Hint = "WhatsApp's answer was lost: the template may be there.", "It will show up in the list of templates."
	}
	return out
}
