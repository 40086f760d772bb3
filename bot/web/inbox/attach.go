package inbox

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"parley/bot/shape"
	"parley/bot/upload"
	"parley/bot/web"
	"parley/bridge"
	"parley/channels"
)

// This file handles replies with files. A reply may be refused after its files were uploaded, or shown again so that the
// agent confirms it. The browser's session then remembers the files: the form shows a checkbox for each, and the agent
// needn't upload them again. Other people can't attach these files, because only this session knows their ids.

// keptFile is an uploaded file of a reply that is not stored yet.
type keptFile struct {
	ID   string             `json:"id"` // identifies the file in the form
	File bridge.SurfaceFile `json:"file"`
}

// Label returns the file's name and size.
func (k keptFile) Label() string {
	return shape.OneLine(k.File.Name, shape.MaxNameRunes) + " (" + channels.SizeWords(k.File.SizeBytes) + ")"
}

// uploadsKey is the session key of the files kept for a conversation.
func uploadsKey(conversation bridge.ConversationID) string {
	return "inbox.files." + strconv.FormatInt(int64(conversation), 10)
}

// keptUploads returns the kept files of a conversation whose ids are in ticked. complete is false if one of them is
// missing: the reply must not be sent without it.
func keptUploads(v *web.Visit, conversation bridge.ConversationID, ticked []string) (files []keptFile, complete bool) {
	if len(ticked) == 0 {
		return nil, true
	}
	if json.Unmarshal([]byte(v.Recall(uploadsKey(conversation))), &files) != nil {
		return nil, false
	}
	files = slices.DeleteFunc(files, func(k keptFile) bool { return !slices.Contains(ticked, k.ID) })
	return files, len(files) == len(ticked)
}

// keepUploads replaces the kept files of a conversation. Without files it forgets them.
func keepUploads(v *web.Visit, conversation bridge.ConversationID, files []keptFile) error {
	if len(files) == 0 {
		v.Remember(uploadsKey(conversation), "")
		return nil
	}
	all, err := json.Marshal(files)
	if err != nil {
		return fmt.Errorf("inbox: files: %w", err)
	}
	v.Remember(uploadsKey(conversation), string(all))
	return nil
}

// reply handles the form of a reply. It checks that the agent may reply before it reads the body. Files are stored
// while they arrive; then the reply is stored as an act (see act.go).
func (p pages) reply(v *web.Visit) error {
	id := bridge.ConversationID(pathNumber(v, "id"))
	allowed, err := p.desk.Attaching(v.Context(), v.Person.ID, id)
	if err != nil {
		return refuse(v, err)
	}

	request, cancel := upload.AllowFiles(v.Writer, v.Request)
	defer cancel()
	v.Request = request
	form, err := upload.ReadForm(request, p.desk.StoreFile)
	uploadProblem := ""
	if err != nil {
		uploadProblem, _ = upload.Words(err)
		if uploadProblem == "" { // not the sender's fault
			return err
		}
	}

	files, complete := keptUploads(v, id, form.Fields["keep"])
	for _, f := range form.Files {
		files = append(files, keptFile{ID: rand.Text(), File: f})
	}

	attachProblem := filesProblem(form.Fields, files, complete, allowed)
	isConfirmed := form.Fields.Get("sure") == "yes" && len(form.Files) == 0
	mustConfirm := allowed.Confirm && len(files) > 0 && !isConfirmed

	v.Request.PostForm, v.Request.Form = form.Fields, form.Fields
	v.Request.PostForm.Del("sure")
	v.Request.PostForm.Set("verb", string(bridge.VerbReply))
	a, formProblem := readAct(v, surfaceFiles(files))
	isInserted, cannedProblem, err := p.insertCanned(v, a)
	if err != nil {
		return refuse(v, err)
	}
	if isInserted {
		return p.showReplyAgain(v, a, cmp.Or(uploadProblem, attachProblem, cannedProblem), files)
	}
	problem := cmp.Or(uploadProblem, attachProblem, formProblem)
	if problem != "" || mustConfirm {
		return p.showReplyAgain(v, a, problem, files)
	}

	next, problem, err := p.storeAct(v, a)
	if err != nil {
		return refuse(v, err)
	}
	if problem != "" {
		return p.showReplyAgain(v, a, problem, files)
	}

	if err := keepUploads(v, id, nil); err != nil { // they belong to the act now
		return err
	}
	return v.Go(next)
}

// filesProblem returns what is wrong with a form and its files, as text for the page; "" if nothing is.
func filesProblem(fields url.Values, files []keptFile, complete bool, allowed bridge.Attaching) string {
	switch {
	case !web.AreTexts(fields):
		return "It has characters that aren't text. Type it again."
	case !complete:
		return "A file that was attached is not there any more. Choose it again."
	case len(files) > 0 && !allowed.Files:
		return "Files can't be sent here. " + allowed.Why
	}
	return ""
}

// showReplyAgain shows the form of a reply again with its files. If problem is "", the agent is asked to confirm.
func (p pages) showReplyAgain(v *web.Visit, a bridge.Act, problem string, files []keptFile) error {
	if err := keepUploads(v, a.Args.Conversation, files); err != nil {
		return err
	}
	return p.showAgain(v, a, problem, files)
}

func surfaceFiles(files []keptFile) []bridge.SurfaceFile {
	list := make([]bridge.SurfaceFile, len(files))
	for i, f := range files {
		list[i] = f.File
	}
	return list
}

// typedFields returns the fields of a form that people type into, for the page that shows the form again.
func typedFields(form url.Values) map[string]string {
	typed := map[string]string{}
	for _, name := range []string{"text", "note", "other", "inserted", "until", "new", "people"} {
		typed[name] = form.Get(name)
	}
	return typed
}
