package graph

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/tenant"
)

// getHosted lists the pictures that were pasted into a message. If the path names one, it answers with its bytes.
func (s *API) getHosted(w http.ResponseWriter, r *http.Request) {
	_, m := s.find(w, r, messageIDOf(r))
	if m == nil {
		return
	}

	list := []object{}
	for _, f := range m.Files {
		if !f.Image {
			continue
		}

		if f.ID == r.PathValue("file") {
			w.Header().Set("Content-Type", f.Type)
			w.Write(f.Data)
			return
		}

		list = append(list, object{"id": f.ID, "contentBytes": nil, "contentType": nil})
	}

	if r.PathValue("file") != "" {
		s.refuse(w, http.StatusNotFound, "NotFound", "Hosted content not found.")
		return
	}

	calls.WriteJSON(w, http.StatusOK, object{"value": list})
}

// getShare answers with a file. The path names it by its address: "u!" and the address in base64url. For /content the
// answer leads to another address, at which the bytes can be read without a token.
func (s *API) getShare(w http.ResponseWriter, r *http.Request) {
	code, ok := strings.CutPrefix(r.PathValue("share"), "u!")
	raw, err := base64.RawURLEncoding.DecodeString(code)
	if !ok || err != nil {
		s.refuse(w, http.StatusBadRequest, "invalidRequest", "The sharing token is not valid.")
		return
	}

	f := s.files.Find(string(raw))
	if f == nil {
		s.refuse(w, http.StatusNotFound, "itemNotFound", "The resource could not be found.")
		return
	}
	if !s.entra.IsPermitted(tenant.PermitFilesRead) && !s.files.IsInOpenSite(f) {
		s.refuse(w, http.StatusForbidden, "accessDenied", "Access denied")
		return
	}
	if strings.HasSuffix(r.URL.Path, "/content") {
		http.Redirect(w, r, s.files.DownloadURL(f), http.StatusFound)
		return
	}

	calls.WriteJSON(w, http.StatusOK, s.driveItem(f))
}

// Lengths of the ids that Graph gives files and libraries, behind "01" and "b!".
const (
	itemIDLength  = 30
	driveIDLength = 40
)

// driveItem returns a file's description as Graph gives it.
func (s *API) driveItem(f *tenant.File) object {
	return object{
		"id": "01" + strings.ToUpper(strings.ReplaceAll(f.ID, "-", ""))[:itemIDLength], "name": f.Name, "size": f.Size, "webUrl": f.URL,
		"eTag": `"{` + strings.ToUpper(f.ID) + `},1"`, "file": object{"mimeType": f.Type}, "@microsoft.graph.downloadUrl": s.files.DownloadURL(f),
	}
}

// download answers with the bytes of a file. Whoever knows the address may read them.
func (s *API) download(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	f := s.files.ByID[r.PathValue("file")]
	known := f != nil && s.Host.URL()+r.URL.RequestURI() == s.files.DownloadURL(f)
	s.Mu.Unlock()
	switch {
	case f == nil:
		http.NotFound(w, r)
	case !known:
		http.Error(w, "expired", http.StatusUnauthorized)
	default:
		w.Header().Set("Content-Type", f.Type)
		w.Write(f.Data)
	}
}

// getFolder describes the folder in which a channel's files lie.
func (s *API) getFolder(w http.ResponseWriter, r *http.Request) {
	ch := s.findChannel(w, r)
	if ch == nil {
		return
	}
	calls.WriteJSON(w, http.StatusOK, object{
		"id": folderID(ch), "name": ch.Name, "webUrl": s.files.FolderURL(ch), "folder": object{"childCount": 0},
		"parentReference": object{"driveId": s.driveID(ch), "driveType": "documentLibrary"},
	})
}

// getDrive describes a person's OneDrive. Guests and bots have none.
func (s *API) getDrive(w http.ResponseWriter, r *http.Request) {
	u := s.org.Users[r.PathValue("user")]
	hasDrive := u != nil && !u.Guest && !u.Bot
	if !hasDrive {
		s.refuse(w, http.StatusNotFound, "ResourceNotFound", "User's mysite not found.")
		return
	}
	calls.WriteJSON(w, http.StatusOK, object{
		"id": "b!" + tenant.Hash("drive", u.ID)[:driveIDLength], "name": "OneDrive", "driveType": "business", "webUrl": s.files.DriveURL(u.ID),
		"owner": object{"user": object{"id": u.ID, "displayName": u.Name}},
	})
}

func folderID(ch *tenant.Room) string {
	return "01" + strings.ToUpper(tenant.Hash("folder", ch.ID)[:itemIDLength])
}

func (s *API) driveID(ch *tenant.Room) string {
	return "b!" + tenant.Hash("drive", s.files.SiteURL(ch))[:driveIDLength]
}

// putFile stores a file in a channel's folder: PUT /drives/{drive}/items/{folder}:/{name}:/content.
func (s *API) putFile(w http.ResponseWriter, r *http.Request) {
	folder, hasFolder := strings.CutSuffix(r.PathValue("folder"), ":")
	name, hasName := strings.CutSuffix(r.PathValue("name"), ":")
	ch := s.findFolder(r.PathValue("drive"), folder)
	if !hasFolder || !hasName || ch == nil {
		s.refuse(w, http.StatusNotFound, "itemNotFound", "The resource could not be found.")
		return
	}

	data, err := io.ReadAll(r.Body)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, "invalidRequest", err.Error())
		return
	}

	f := &tenant.File{
		ID: tenant.GUIDOf("upload", ch.ID, name), Name: name, Type: r.Header.Get("Content-Type"), Size: int64(len(data)), Data: data,
		URL: s.files.FolderURL(ch) + "/" + url.PathEscape(name), Uploaded: ch.ID,
	}

	s.files.ByID[f.ID] = f
	s.Note(tenant.Change{Kind: "file", ID: f.ID, Channel: ch.ID})
	calls.WriteJSON(w, http.StatusCreated, s.driveItem(f))
}

// findFolder returns the channel whose files lie in a folder; nil if there is none in which the bot may act.
func (s *API) findFolder(drive, folder string) *tenant.Room {
	for _, id := range s.org.ChannelIDs {
		ch := s.org.Channels[id]
		if ch.Person != "" {
			continue
		}
		isFolder := folderID(ch) == folder && s.driveID(ch) == drive
		if isFolder && s.org.IsReachable(ch) {
			return ch
		}
	}
	return nil
}
