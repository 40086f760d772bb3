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

// keptFile is a file that was uploaded for a reply that is not stored yet, because the reply was refused or is shown once more.
// The browser's session remembers it, so that nobody has to choose the file again, and nobody else can attach it.
type keptFile struct {
	ID   string             `json:"id"` // identifies the file in the form
	File bridge.SurfaceFile `json:"file"`
}

// Label returns the file's name and size.
func (a keptFile) Label() string {
	return shape.OneLine(a.File.Name, shape.MaxNameRunes) + " (" + channels.SizeWords(a.File.SizeBytes) + ")"
}

func uploadsKey(conversation bridge.ConversationID) string {
	return "inbox.files." + strconv.FormatInt(int64(conversation), 10)
}

// keptUploads returns the remembered files of a conversation whose boxes are ticked in the form; ticked has their
// ids. complete is false if one of them isn't remembered any more. The reply must then not be sent without it.
func keptUploads(v *web.Visit, conversation bridge.ConversationID, ticked []string) (files []keptFile, complete bool) {
	if len(ticked) == 0 {
		return nil, true
	}
	if json.Unmarshal([]byte(v.Recall(uploadsKey(conversation))), &files) != nil {
		return nil, false
	}
	files = slices.DeleteFunc(files, func(a keptFile) bool { return !slices.Contains(ticked, a.ID) })
	return files, len(files) == len(ticked)
}

// keepUploads remembers files until the reply is stored. Without files it forgets those that it remembered.
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

// reply handles the form of a reply, which may have files. It refuses agents who may not reply before it reads the
// form. The files are stored as they arrive. Then the reply is stored as an act like any other.
func (p pages) reply(v *web.Visit) error {
	id := bridge.ConversationID(pathNumber(v, "id"))
	may, err := p.desk.Attaching(v.Context(), v.Person.ID, id)
	if err != nil {
		return refuse(v, err)
	}

	long, cancel := upload.AllowFiles(v.Writer, v.Request)
	defer cancel()
	v.Request = long
	form, err := upload.ReadForm(long, p.desk.StoreFile)
	v.Request.PostForm, v.Request.Form = form.Fields, form.Fields
	problem := ""
	if err != nil {
		problem, _ = upload.Words(err)
		if problem == "" {
			return err
		}
	}

	files, complete := keptUploads(v, id, form.Fields["keep"])
	for _, f := range form.Files {
		files = append(files, keptFile{rand.Text(), f})
	}

	hasFiles := len(files) > 0
	switch { // only the first problem is shown
	case problem != "":
	case !web.AreTexts(form.Fields):
		problem = "It has characters that aren't text. Type it again."
	case !complete:
		problem = "A file that was attached is not there any more. Choose it again."
	case hasFiles && !may.Files:
		problem = "Files can't be sent here. " + may.Why
	}

	haveBeenShown := form.Fields.Get("sure") == "yes" && len(form.Files) == 0
	mustBeShown := may.Confirm && hasFiles && !haveBeenShown
	v.Request.PostForm.Del("sure")
	v.Request.PostForm.Set("verb", string(bridge.VerbReply))
	a, wrong := readAct(v, surfaceFiles(files))
	problem = cmp.Or(problem, wrong)
	if problem != "" || mustBeShown {
		return p.showReplyAgain(v, a, problem, files)
	}

	next, problem, err := p.storeAct(v, a)
	if err != nil {
		return refuse(v, err)
	}
	if problem != "" {
		return p.showReplyAgain(v, a, problem, files)
	}

	if err := keepUploads(v, id, nil); err != nil {
		return err
	}
	return v.Go(next)
}

// showReplyAgain shows the form of a reply again, with its files, and a problem if there is one.
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

// typedFields returns the fields of a form that people type, for a page that shows them again.
func typedFields(form url.Values) map[string]string {
	typed := map[string]string{}
	for _, name := range []string{"text", "note", "other"} {
		typed[name] = form.Get(name)
	}
	return typed
}
