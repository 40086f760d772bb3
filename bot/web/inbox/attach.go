package inbox

import (
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

// attached is a file that was uploaded for a reply that has not been taken yet: it was refused, or is shown once more.
// It is kept with the browser's session, so that nobody has to choose it again, and nobody else can attach it.
type attached struct {
	ID   string             `json:"id"` // names it in the form
	File bridge.SurfaceFile `json:"file"`
}

// Label names the file and its size.
func (a attached) Label() string {
	return shape.OneLine(a.File.Name, shape.MaxNameRunes) + " (" + channels.SizeWords(a.File.SizeBytes) + ")"
}

func keptKey(conversation bridge.ConversationID) string {
	return "inbox.files." + strconv.FormatInt(int64(conversation), 10)
}

// kept returns the files that were uploaded for a reply in a conversation, of those whose boxes are ticked. whole is no if
// one of them is not kept any more: the reply must not leave without it.
func kept(v *web.Visit, conversation bridge.ConversationID, ticked []string) (files []attached, whole bool) {
	if len(ticked) == 0 {
		return nil, true
	}
	if json.Unmarshal([]byte(v.Recall(keptKey(conversation))), &files) != nil {
		return nil, false
	}
	files = slices.DeleteFunc(files, func(a attached) bool { return !slices.Contains(ticked, a.ID) })
	return files, len(files) == len(ticked)
}

// keep keeps files until the reply is taken; none forgets them.
func keep(v *web.Visit, conversation bridge.ConversationID, files []attached) error {
	if len(files) == 0 {
		v.Remember(keptKey(conversation), "")
		return nil
	}
	all, err := json.Marshal(files)
	if err != nil {
		return fmt.Errorf("inbox: files: %w", err)
	}
	v.Remember(keptKey(conversation), string(all))
	return nil
}

// reply takes a reply with files. Whoever may not reply is told so before anything is read; the files are stored as they
// come, and the reply is one act like any other.
func (p pages) reply(v *web.Visit) error {
	id := bridge.ConversationID(number(v, "id"))
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
		if problem, _ = upload.Words(err); problem == "" {
			return err
		}
	}
	if !web.AreTexts(form.Fields) && problem == "" {
		problem = "It has signs that are no text. Type it again."
	}
	files, whole := kept(v, id, form.Fields["keep"])
	if !whole && problem == "" {
		problem = "A file that was attached is not there any more. Choose it again."
	}
	for _, f := range form.Files {
		files = append(files, attached{rand.Text(), f})
	}
	if len(files) > 0 && !may.Files && problem == "" {
		problem = "Files can't be sent here. " + may.Why
	}
	return p.handIn(v, files, may.Confirm && len(files) > 0 && (form.Fields.Get("sure") != "yes" || len(form.Files) > 0), problem)
}

// handIn hands a reply in, or shows its form again: with what is wrong, or once more before it leaves.
func (p pages) handIn(v *web.Visit, files []attached, again bool, problem string) error {
	id := bridge.ConversationID(number(v, "id"))
	list := make([]bridge.SurfaceFile, len(files))
	for i, f := range files {
		list[i] = f.File
	}
	v.Request.PostForm.Set("verb", string(bridge.VerbReply))
	v.Request.PostForm.Del("sure")
	a, wrong := readAct(v, list)
	if problem == "" {
		problem = wrong
	}
	if problem != "" || again {
		if err := keep(v, id, files); err != nil {
			return err
		}
		return p.showAgain(v, a, problem, files)
	}
	done, problem, err := p.take(v, a)
	if err != nil {
		return refuse(v, err)
	}
	if problem != "" {
		if err := keep(v, id, files); err != nil {
			return err
		}
		return p.showAgain(v, a, problem, files)
	}
	if err := keep(v, id, nil); err != nil {
		return err
	}
	return v.Go(done)
}

// fields returns the fields of a form again, for a page that shows what was typed.
func fields(form url.Values) map[string]string {
	typed := map[string]string{}
	for _, name := range []string{"text", "note", "other"} {
		typed[name] = form.Get(name)
	}
	return typed
}
