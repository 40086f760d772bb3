package twilio

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"parley/channels"
)

// catalogue manages the account's contents with Twilio's Content API. A content is the body of a message that
// isn't plain text, for example a list of choices. It is either a template, which WhatsApp must approve, or
// created for one message and removed afterwards.
type catalogue struct{ api *client }

// create creates a content. Nothing is sent to a customer, so it may be retried after any error.
func (c catalogue) create(ctx context.Context, fields map[string]any) (content, error) {
	var made content
	err := c.api.call(ctx, request{method: http.MethodPost, url: c.api.content + "/v1/Content", json: fields}, &made)
	return made, err
}

// requestApproval asks WhatsApp to approve a content as a template with this name.
func (c catalogue) requestApproval(ctx context.Context, sid, name, category string) (approval, error) {
	var a approval
	err := c.api.call(ctx, request{
		method: http.MethodPost,
		url:    c.api.content + "/v1/Content/" + url.PathEscape(sid) + "/ApprovalRequests/whatsapp",
		json:   map[string]any{"name": name, "category": strings.ToUpper(category)},
	}, &a)
	return a, err
}

// remove deletes a content. It succeeds if the content no longer exists.
func (c catalogue) remove(ctx context.Context, sid string) error {
	err := c.api.call(ctx, request{method: http.MethodDelete, url: c.api.content + "/v1/Content/" + url.PathEscape(sid)}, nil)
	if api, ok := errors.AsType[*apiError](err); ok && api.status == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return asNotSent(err)
	}
	return nil
}

// removeAll deletes contents. It continues after errors and returns all of them, joined.
func (c catalogue) removeAll(ctx context.Context, sids []string) error {
	var err error
	for _, sid := range sids {
		err = errors.Join(err, c.remove(ctx, sid))
	}
	return err
}

// list returns all contents with their approvals.
func (c catalogue) list(ctx context.Context) ([]content, error) {
	var all []content
	err := c.api.eachPage(ctx, c.api.content+"/v1/ContentAndApprovals?PageSize=100", func(p page) bool {
		all = append(all, p.Contents...)
		return false // continue with the next page
	})
	return all, err
}

// content is a Content resource of Twilio, with its approval if that was requested.
type content struct {
	SID      string   `json:"sid"`
	Name     string   `json:"friendly_name"`
	Language string   `json:"language"`
	Created  stamp    `json:"date_created"`
	Approval approval `json:"approval_requests"`
}

// describeState converts a content to the state of a template.
func (t content) describeState() channels.TemplateState {
	a := t.Approval.unwrap()
	return channels.TemplateState{
		ExternalID: t.SID,
		Name:       cmp.Or(a.Name, t.Name),
		Language:   t.Language,
		Category:   strings.ToLower(a.Category),
		Status:     templateStatus(a.Status),
		Reason:     a.Reason,
	}
}

// approval is WhatsApp's decision on a content. If one content is requested, Twilio nests it in the field
// "whatsapp"; in a list of contents, it doesn't.
type approval struct {
	Name     string    `json:"name"`
	Category string    `json:"category"`
	Status   string    `json:"status"`
	Reason   string    `json:"rejection_reason"`
	WhatsApp *approval `json:"whatsapp"`
}

// unwrap returns the approval itself, whether it was nested or not.
func (a approval) unwrap() approval {
	if a.WhatsApp != nil {
		return *a.WhatsApp
	}
	return a
}

// templateStatus converts Twilio's status. An unknown status counts as pending, so that the template isn't
// sent.
func templateStatus(s string) channels.TemplateStatus {
	switch strings.ToLower(s) {
	case "", "unsubmitted":
		return channels.TemplateDraft
	case "approved":
		return channels.TemplateApproved
	case "rejected":
		return channels.TemplateRejected
	case "paused":
		return channels.TemplatePaused
	case "disabled":
		return channels.TemplateDisabled
	}
	return channels.TemplatePending
}
