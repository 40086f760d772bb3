package twiliofake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// storedContent is a Content resource: a text with variables, perhaps with buttons or a list. It is used for templates, which WhatsApp
// must approve, and for single messages with buttons.
type storedContent struct {
	sid, name, language string
	variables           map[string]string
	types               map[contentType]json.RawMessage
	created, updated    time.Time

	approvalName, category string
	verdict                verdict
	reason                 string // of a rejection
	submitted              time.Time
}

// library imitates Twilio's Content API. It stores the account's contents with WhatsApp's verdicts on them.
type library struct {
	*ground
	contents []*storedContent // oldest first
}

// makeHandler registers the routes of the Content API.
func (l *library) makeHandler(mux *http.ServeMux, authed func(http.HandlerFunc) http.HandlerFunc) {
	mux.HandleFunc("POST /v1/Content", authed(l.createContent))
	mux.HandleFunc("GET /v1/ContentAndApprovals", authed(l.listContentsAndApprovals))
	mux.HandleFunc("DELETE /v1/Content/{content}", authed(l.withContent(l.deleteContent)))
	mux.HandleFunc("POST /v1/Content/{content}/ApprovalRequests/whatsapp", authed(l.withContent(l.requestApproval)))
}

// withContent returns a handler that finds the content in the path and calls next with the lock held.
func (l *library) withContent(next func(http.ResponseWriter, *http.Request, *storedContent)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if c := l.findContentLocked(r.PathValue("content")); c != nil {
			next(w, r, c)
			return
		}
		refuseUnknown(w)
	}
}

// findContentLocked returns a content with its current verdict, or nil.
func (l *library) findContentLocked(sid string) *storedContent {
	for _, c := range l.contents {
		if c.sid == sid {
			l.updateVerdictLocked(c)
			return c
		}
	}
	return nil
}

// contentForm is the body of a request that creates or changes a content. A field that the request lacks is nil.
type contentForm struct {
	Name      *string                         `json:"friendly_name"`
	Language  *string                         `json:"language"`
	Variables map[string]string               `json:"variables"`
	Types     map[contentType]json.RawMessage `json:"types"`
}

// fill sets the fields of a content from a request. It returns the reason why Twilio refuses the request, or "".
func (c *storedContent) fill(r *http.Request, now time.Time) (fault string) {
	var in contentForm
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return "Unreadable JSON"
	}

	if in.Name != nil {
		c.name = *in.Name
	}
	if in.Language != nil {
		c.language = *in.Language
	}
	if in.Variables != nil {
		c.variables = in.Variables
	}

	c.types, c.updated = in.Types, now.UTC()
	if c.language == "" || len(c.types) == 0 {
		return "language and types are required"
	}

	return c.findFault()
}

// createContent handles a request for a new content.
func (l *library) createContent(w http.ResponseWriter, r *http.Request) {
	now := l.opt.Now()
	c := &storedContent{sid: newSID("HX"), created: now.UTC(), verdict: verdictUnsubmitted}
	if fault := c.fill(r, now); fault != "" {
		refuse(w, http.StatusBadRequest, codeInvalid, fault)
		return
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.contents = append(l.contents, c)
	l.Poke()
	answer(w, http.StatusCreated, l.contentView(c))
}

// contentView returns a content as the API shows it.
func (l *library) contentView(c *storedContent) map[string]any {
	variables := c.variables
	if variables == nil {
		variables = map[string]string{}
	}
	at := "https://content.twilio.com/v1/Content/" + c.sid
	return map[string]any{
		"sid":           c.sid,
		"account_sid":   l.opt.AccountSID,
		"friendly_name": c.name,
		"language":      c.language,
		"variables":     variables,
		"types":         c.types,
		"date_created":  c.created.Format(time.RFC3339),
		"date_updated":  c.updated.Format(time.RFC3339),
		"url":           at,
		"links": map[string]string{
			"approval_fetch":  at + "/ApprovalRequests",
			"approval_create": at + "/ApprovalRequests/whatsapp",
		},
	}
}

// listContentsAndApprovals handles a request for the contents with WhatsApp's verdicts.
func (l *library) listContentsAndApprovals(w http.ResponseWriter, r *http.Request) {
	l.answerPage(w, r, func(c *storedContent) map[string]any {
		row := l.contentView(c)
		delete(row, "links")
		delete(row, "url")
		row["approval_requests"] = l.approvalView(c)
		return row
	})
}

// answerPage responds with one page of contents, each converted by view.
func (l *library) answerPage(w http.ResponseWriter, r *http.Request, view func(*storedContent) map[string]any) {
	const defaultSize, maxSize = 50, 500
	query := r.URL.Query()
	size, err := strconv.Atoi(query.Get("PageSize"))
	if err != nil || size < 1 || size > maxSize {
		size = defaultSize
	}
	page, err := strconv.Atoi(query.Get("Page"))
	if err != nil || page < 0 {
		page = 0
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	begin := min(min(page, len(l.contents))*size, len(l.contents))
	end := min(begin+size, len(l.contents))
	rows := []any{}
	for _, c := range l.contents[begin:end] {
		l.updateVerdictLocked(c)
		rows = append(rows, view(c))
	}

	pageURL := func(page int) string {
		query := url.Values{"PageSize": {strconv.Itoa(size)}, "Page": {strconv.Itoa(page)}}
		return "https://content.twilio.com" + r.URL.Path + "?" + query.Encode()
	}
	meta := map[string]any{
		"key":               "contents",
		"page":              page,
		"page_size":         size,
		"first_page_url":    pageURL(0),
		"url":               pageURL(page),
		"previous_page_url": nil,
		"next_page_url":     nil,
	}
	if end < len(l.contents) {
		meta["next_page_url"] = pageURL(page + 1)
	}

	answer(w, http.StatusOK, map[string]any{"contents": rows, "meta": meta})
}

func (l *library) deleteContent(w http.ResponseWriter, _ *http.Request, c *storedContent) {
	l.contents = slices.DeleteFunc(l.contents, func(other *storedContent) bool { return other == c })
	l.Poke()
	w.WriteHeader(http.StatusNoContent)
}

// useContentLocked fills a message from the content that the form of a send request names. A variable without a value gets its example.
// It returns nil if the form names no content, or a refusal.
func (l *library) useContentLocked(m *stored, f url.Values) *refusal {
	id := f.Get("ContentSid")
	if id == "" {
		return nil
	}

	c := l.findContentLocked(id)
	if c == nil {
		return &refusal{codeNoContent, "The ContentSid is Invalid"}
	}

	values, err := rawJSON(cmp.Or(f.Get("ContentVariables"), "{}"))
	if err != nil {
		return &refusal{codeBadVariables, "The ContentVariables Parameter is invalid"}
	}

	_, b := c.forSMS()
	if strings.HasPrefix(m.from, waPrefix) {
		_, b = c.forWhatsApp()
	}

	m.content = c
	m.buttons, m.list = b.listButtons()
	m.body = variable.ReplaceAllStringFunc(b.Body, func(v string) string {
		name := strings.Trim(v, "{}")
		if values[name] != "" {
			return values[name]
		}
		return c.variables[name]
	})

	return nil
}

// rawJSON parses a JSON object whose values are strings.
func rawJSON(text string) (map[string]string, error) {
	out := map[string]string{}
	err := json.Unmarshal([]byte(text), &out)
	return out, err
}
