package twiliofake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// storedContent is a Content resource.
type storedContent struct {
	sid, name, language string
	variables           map[string]string
	types               map[string]json.RawMessage
	created             time.Time

	approvalName, category string
	verdict                verdict
	reason                 string // of a verdict that isn't good
	submitted              time.Time
}

// body has the fields of all content types that Parley uses.
type body struct {
	Body    string           `json:"body"`
	Button  string           `json:"button"`
	Header  string           `json:"header_text"`
	Footer  string           `json:"footer"`
	Actions []map[string]any `json:"actions"`
	Items   []map[string]any `json:"items"`
}

// readBody returns the content's type and what it says. Parley's contents have one type; of several it would be any.
func (c *storedContent) readBody() (kind string, b body) {
	for kind, raw := range c.types {
		var b body
		_ = json.Unmarshal(raw, &b) // what can't be read is missing, and findFault refuses it
		return kind, b
	}
	return "", body{}
}

// listButtons returns what the customer may tap, and the title of the button that opens a list; "" if it isn't a list.
func (c *storedContent) listButtons() (list []Button, opener string) {
	_, b := c.readBody()
	for _, action := range b.Actions {
		list = append(list, Button{ID: readText(action, "id"), Title: readText(action, "title"), URL: readText(action, "url")})
	}
	for _, item := range b.Items {
		list = append(list, Button{ID: readText(item, "id"), Title: readText(item, "item")})
	}
	return list, b.Button
}

// readText returns a field that is a text; "" if it is missing or something else.
func readText(fields map[string]any, name string) string {
	text, _ := fields[name].(string)
	return text
}

// library keeps the account's contents, with WhatsApp's verdicts on them.
type library struct {
	*ground
	contents []*storedContent
}

func (l *library) makeHandler(mux *http.ServeMux, authed func(http.HandlerFunc) http.HandlerFunc) {
	mux.HandleFunc("POST /v1/Content", authed(l.createContent))
	mux.HandleFunc("GET /v1/Content", authed(l.listContents))
	mux.HandleFunc("GET /v1/ContentAndApprovals", authed(l.listContents))
	mux.HandleFunc("GET /v1/Content/{content}", authed(l.withContent(func(w http.ResponseWriter, _ *http.Request, c *storedContent) {
		answer(w, http.StatusOK, l.contentView(c))
	})))
	mux.HandleFunc("DELETE /v1/Content/{content}", authed(l.withContent(l.deleteContent)))
	mux.HandleFunc("POST /v1/Content/{content}/ApprovalRequests/whatsapp", authed(l.withContent(l.requestApproval)))
	mux.HandleFunc("GET /v1/Content/{content}/ApprovalRequests", authed(l.withContent(func(w http.ResponseWriter, _ *http.Request, c *storedContent) {
		answer(w, http.StatusOK, map[string]any{"sid": c.sid, "account_sid": l.opt.AccountSID, "whatsapp": l.approvalView(c),
			"url": "https://content.twilio.com/v1/Content/" + c.sid + "/ApprovalRequests"})
	})))
}

// withContent finds the content of a path and holds the lock.
func (l *library) withContent(next func(http.ResponseWriter, *http.Request, *storedContent)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if c := l.findContent(r.PathValue("content")); c != nil {
			next(w, r, c)
			return
		}
		refuseUnknown(w)
	}
}

// findContent returns a content, reviewed if it is time; the lock is held.
func (l *library) findContent(sid string) *storedContent {
	for _, c := range l.contents {
		if c.sid == sid {
			l.updateVerdict(c)
			return c
		}
	}
	return nil
}

// createContent takes a content of the kinds that Parley uses.
func (l *library) createContent(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name      string                     `json:"friendly_name"`
		Language  string                     `json:"language"`
		Variables map[string]string          `json:"variables"`
		Types     map[string]json.RawMessage `json:"types"`
	}

	err := json.NewDecoder(r.Body).Decode(&in)
	isComplete := in.Language != "" && len(in.Types) > 0
	if err != nil || !isComplete {
		refuse(w, http.StatusBadRequest, codeInvalid, "language and types are required")
		return
	}

	c := &storedContent{sid: newSID("HX"), name: in.Name, language: in.Language, variables: in.Variables, types: in.Types,
		created: l.opt.Now().UTC(), verdict: verdictUnsubmitted}
	if fault := c.findFault(); fault != "" {
		refuse(w, http.StatusBadRequest, codeInvalid, fault)
		return
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.contents = append(l.contents, c)
	l.Poke()
	answer(w, http.StatusCreated, l.contentView(c))
}

// Limits of contents.
// Source: Twilio, content types quick-reply, call-to-action and list-picker.
const (
	maxChoices     = 10 // actions or items
	maxActionTitle = 25
	maxItemTitle   = 24
	maxItemID      = 200
	maxListButton  = 20
	maxText        = 1600
)

// findFault returns what Twilio refuses of a content; "" if nothing.
func (c *storedContent) findFault() string {
	kind, b := c.readBody()
	switch kind {
	case "twilio/text", "whatsapp/card":
		// They need nothing but the body, which is checked below.
	case "twilio/quick-reply", "twilio/call-to-action":
		if !areChoices(b.Actions) || !haveTexts(b.Actions, "title", maxActionTitle) {
			return kind + ": 1 to 10 actions with titles of at most 25 characters"
		}
	case "twilio/list-picker":
		haveItemTexts := haveTexts(b.Items, "item", maxItemTitle) && haveTexts(b.Items, "id", maxItemID)
		if !areChoices(b.Items) || !isText(b.Button, maxListButton) || !haveItemTexts {
			return kind + ": 1 to 10 items, a button"
		}
	default:
		return "unknown content type " + kind
	}

	if !isText(b.Body, maxText) {
		return kind + ": body is required"
	}

	return ""
}

// areChoices reports whether there is at least one action or item, and not too many.
func areChoices(list []map[string]any) bool { return len(list) > 0 && len(list) <= maxChoices }

// haveTexts reports whether all actions or items have a text in the field of that name.
func haveTexts(list []map[string]any, name string, most int) bool {
	for _, fields := range list {
		if !isText(readText(fields, name), most) {
			return false
		}
	}
	return true
}

// isText reports whether a text has at least one character, and not more than most.
func isText(text string, most int) bool {
	return text != "" && utf8.RuneCountInString(text) <= most
}

func (l *library) contentView(c *storedContent) map[string]any {
	at := c.created.Format(time.RFC3339)
	variables := c.variables
	if variables == nil {
		variables = map[string]string{}
	}
	return map[string]any{"sid": c.sid, "account_sid": l.opt.AccountSID, "friendly_name": c.name, "language": c.language, "variables": variables,
		"types": c.types, "date_created": at, "date_updated": at, "url": "https://content.twilio.com/v1/Content/" + c.sid,
		"links": map[string]string{"approval_fetch": "https://content.twilio.com/v1/Content/" + c.sid + "/ApprovalRequests"}}
}

func (l *library) approvalView(c *storedContent) map[string]any {
	kind, _ := c.readBody()
	return map[string]any{"type": "whatsapp", "name": c.approvalName, "category": c.category, "content_type": kind, "status": c.verdict,
		"rejection_reason": c.reason, "allow_category_change": true}
}

// listContents shows contents; under the path ContentAndApprovals with WhatsApp's verdicts.
func (l *library) listContents(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const defaultSize, maxSize = 50, 500
	size, _ := strconv.Atoi(r.URL.Query().Get("PageSize"))
	if size < 1 || size > maxSize {
		size = defaultSize
	}

	page, _ := strconv.Atoi(r.URL.Query().Get("Page")) // unreadable: 0, the first
	begin := min(page*size, len(l.contents))
	end := min(begin+size, len(l.contents))
	rows := []any{}
	for _, c := range l.contents[begin:end] {
		l.updateVerdict(c)
		v := l.contentView(c)
		if strings.HasSuffix(r.URL.Path, "Approvals") {
			delete(v, "links")
			delete(v, "url")
			v["approval_requests"] = l.approvalView(c)
		}

		rows = append(rows, v)
	}

	pageURL := func(page int) string {
		return "https://content.twilio.com" + r.URL.Path + "?" + url.Values{"PageSize": {strconv.Itoa(size)}, "Page": {strconv.Itoa(page)}}.Encode()
	}

	meta := map[string]any{"key": "contents", "page": page, "page_size": size, "first_page_url": pageURL(0), "url": pageURL(page), "previous_page_url": nil, "next_page_url": nil}
	if end < len(l.contents) {
		meta["next_page_url"] = pageURL(page + 1)
	}

	answer(w, http.StatusOK, map[string]any{"contents": rows, "meta": meta})
}

func (l *library) deleteContent(w http.ResponseWriter, _ *http.Request, c *storedContent) {
	for i := range l.contents {
		if l.contents[i] == c {
			l.contents = append(l.contents[:i:i], l.contents[i+1:]...)
			break
		}
	}
	l.Poke()
	w.WriteHeader(http.StatusNoContent)
}

var templateName = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)

// requestApproval asks WhatsApp for approval.
func (l *library) requestApproval(w http.ResponseWriter, r *http.Request, c *storedContent) {
	var in struct{ Name, Category string }
	err := json.NewDecoder(r.Body).Decode(&in)
	isTaken := slices.ContainsFunc(l.contents, func(other *storedContent) bool {
		hasName := other.approvalName == in.Name && other.language == c.language
		return hasName && other != c
	})
	switch {
	case err != nil || !templateName.MatchString(in.Name):
		refuse(w, http.StatusBadRequest, codeInvalid, "name: lower case letters, digits and _ only")
	case !slices.Contains([]string{"UTILITY", "MARKETING", "AUTHENTICATION"}, in.Category):
		refuse(w, http.StatusBadRequest, codeInvalid, "category: UTILITY, MARKETING or AUTHENTICATION")
	case isTaken:
		refuse(w, http.StatusBadRequest, codeInvalid, "a template of this name and language exists already")
	case c.verdict != verdictUnsubmitted:
		refuse(w, http.StatusBadRequest, codeInvalid, "it was submitted before")
	default:
		c.approvalName, c.category = in.Name, in.Category
		c.verdict, c.submitted = verdictReceived, l.opt.Now()
		l.Poke()
		answer(w, http.StatusCreated, l.approvalView(c))
	}
}

var variable = regexp.MustCompile(`\{\{(\d+)\}\}`)

// updateVerdict sets WhatsApp's verdict on a submitted content once it is time: a variable needs an example, and a text
// neither begins nor ends with one. The lock is held.
func (l *library) updateVerdict(c *storedContent) {
	if c.verdict != verdictReceived && c.verdict != verdictPending {
		return
	}
	if l.opt.Now().Sub(c.submitted) < l.opt.ReviewDelay {
		c.verdict = verdictPending
		return
	}

	_, b := c.readBody()
	c.verdict = verdictApproved
	text := strings.TrimSpace(b.Body)
	for _, bounds := range variable.FindAllStringSubmatchIndex(text, -1) {
		begin, end := bounds[0], bounds[1]
		number := strings.Trim(text[begin:end], "{}")
		if c.variables[number] == "" {
			c.verdict, c.reason = verdictRejected, "The message template is missing an example for a variable."
		} else if begin == 0 || end == len(text) {
			c.verdict, c.reason = verdictRejected, "Variables can't be at the start or end of the template."
		}
	}
}

// Review sets WhatsApp's verdict: approved, rejected, paused, disabled.
func (l *library) Review(contentSid, status, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.findContent(contentSid); c != nil {
		c.verdict, c.reason = verdict(status), reason
		l.Poke()
	}
}

// Content is a content for tests.
type Content struct{ SID, Name, Status, Kind, Body string }

// Contents returns all contents.
func (l *library) Contents() []Content {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Content
	for _, c := range l.contents {
		l.updateVerdict(c)
		kind, b := c.readBody()
		all = append(all, Content{SID: c.sid, Name: c.name, Status: string(c.verdict), Kind: kind, Body: b.Body})
	}
	return all
}

// useContent puts the content that a form names into a message. If it can't, it returns Twilio's error code and message;
// the code is 0 otherwise. The lock is held.
func (l *library) useContent(m *stored, f url.Values) (code int, message string) {
	id := f.Get("ContentSid")
	if id == "" {
		return 0, ""
	}

	c := l.findContent(id)
	if c == nil {
		return codeNoContent, "The ContentSid is Invalid"
	}

	values, err := rawJSON(cmp.Or(f.Get("ContentVariables"), "{}"))
	if err != nil {
		return codeBadVariables, "The ContentVariables Parameter is invalid"
	}

	_, b := c.readBody()
	m.content = c
	m.body = variable.ReplaceAllStringFunc(b.Body, func(v string) string {
		name := strings.Trim(v, "{}")
		if values[name] != "" {
			return values[name]
		}
		return c.variables[name]
	})

	return 0, ""
}

// hasApprovedContent reports whether a message may leave outside the window; the lock is held.
func (l *library) hasApprovedContent(m *stored) bool {
	if m.content == nil {
		return false
	}
	l.updateVerdict(m.content)
	return m.content.verdict == verdictApproved
}

// contentVerdict returns WhatsApp's verdict on a message's content; "" if it has none. The lock is held.
func (l *library) contentVerdict(m *stored) verdict {
	if m.content == nil {
		return ""
	}
	return m.content.verdict
}
