package teamsfake

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// graphHosted lists a message's pasted pictures, or gives the bytes of one.
func (s *graph) graphHosted(w http.ResponseWriter, r *http.Request) {
	_, m := s.graphFind(w, r, named(r))
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
		s.graphRefuse(w, http.StatusNotFound, "NotFound", "Hosted content not found.")
		return
	}
	writeJSON(w, http.StatusOK, object{"value": list})
}

// graphShare gives a file by the address that a message refers to: u! and the address in
// base64url. The bytes come from another address that needs no token.
func (s *graph) graphShare(w http.ResponseWriter, r *http.Request) {
	code, ok := strings.CutPrefix(r.PathValue("share"), "u!")
	raw, err := base64.RawURLEncoding.DecodeString(code)
	if !ok || err != nil {
		s.graphRefuse(w, http.StatusBadRequest, "invalidRequest", "The sharing token is not valid.")
		return
	}
	switch f := s.files.lies(string(raw)); {
	case f != nil && !s.entra.permitted(PermitFilesRead) && !slices.ContainsFunc(s.files.sites, func(site string) bool { return strings.HasPrefix(f.URL, site+"/") }):
		s.graphRefuse(w, http.StatusForbidden, "accessDenied", "Access denied")
	case f == nil:
		s.graphRefuse(w, http.StatusNotFound, "itemNotFound", "The resource could not be found.")
	case strings.HasSuffix(r.URL.Path, "/content"):
		http.Redirect(w, r, s.files.downloadURL(f), http.StatusFound)
	default:
		writeJSON(w, http.StatusOK, s.files.driveItem(f))
	}
}

// NameSite lets the app read the files of a channel's site with Sites.Selected.
func (s *Administrator) NameSite(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.org.channels[channel]; ch != nil {
		s.files.sites = append(s.files.sites, s.files.siteURL(ch))
	}
}

func (l *library) driveItem(f *File) object {
	return object{
		"id": "01" + strings.ToUpper(strings.ReplaceAll(f.ID, "-", ""))[:30], "name": f.Name, "size": f.Size, "webUrl": f.URL,
		"eTag": `"{` + strings.ToUpper(f.ID) + `},1"`, "file": object{"mimeType": f.Type}, "@microsoft.graph.downloadUrl": l.downloadURL(f),
	}
}

// download gives the bytes to whoever knows the address.
func (s *graph) download(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.files.files[r.PathValue("file")]
	known := f != nil && s.host.URL()+r.URL.RequestURI() == s.files.downloadURL(f)
	s.mu.Unlock()
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

// graphFolder is where a channel's files lie.
func (s *graph) graphFolder(w http.ResponseWriter, r *http.Request) {
	ch := s.graphPlace(w, r)
	if ch == nil {
		return
	}
	writeJSON(w, http.StatusOK, object{
		"id": folderID(ch), "name": ch.Name, "webUrl": s.files.folderURL(ch), "folder": object{"childCount": 0},
		"parentReference": object{"driveId": s.files.driveID(ch), "driveType": "documentLibrary"},
	})
}

// graphDrive is a person's OneDrive; guests have none.
func (s *graph) graphDrive(w http.ResponseWriter, r *http.Request) {
	u := s.org.users[r.PathValue("user")]
	if u == nil || u.Guest || u.Bot {
		s.graphRefuse(w, http.StatusNotFound, "ResourceNotFound", "User's mysite not found.")
		return
	}
	writeJSON(w, http.StatusOK, object{
		"id": "b!" + hash("drive", u.ID)[:40], "name": "OneDrive", "driveType": "business", "webUrl": s.files.driveURL(u.ID),
		"owner": object{"user": object{"id": u.ID, "displayName": u.Name}},
	})
}

func folderID(ch *channel) string { return "01" + strings.ToUpper(hash("folder", ch.ID)[:30]) }

func (l *library) driveID(ch *channel) string { return "b!" + hash("drive", l.siteURL(ch))[:40] }

// graphUpload puts a file into a channel's folder:
// PUT /drives/{drive}/items/{folder}:/{name}:/content.
func (s *graph) graphUpload(w http.ResponseWriter, r *http.Request) {
	folder, ok1 := strings.CutSuffix(r.PathValue("folder"), ":")
	name, ok2 := strings.CutSuffix(r.PathValue("name"), ":")
	for _, id := range s.org.channelIDs {
		ch := s.org.channels[id]
		if !ok1 || !ok2 || ch.person != "" || folderID(ch) != folder || s.files.driveID(ch) != r.PathValue("drive") || !s.org.reachable(ch) {
			continue
		}
		data, err := io.ReadAll(r.Body)
		if err != nil {
			s.graphRefuse(w, http.StatusBadRequest, "invalidRequest", err.Error())
			return
		}
		f := &File{
			ID: guidOf("upload", ch.ID, name), Name: name, Type: r.Header.Get("Content-Type"), Size: int64(len(data)), Data: data,
			URL: s.files.folderURL(ch) + "/" + url.PathEscape(name), Uploaded: ch.ID,
		}
		s.files.files[f.ID] = f
		s.note(Change{Kind: "file", ID: f.ID, Channel: ch.ID})
		writeJSON(w, http.StatusCreated, s.files.driveItem(f))
		return
	}
	s.graphRefuse(w, http.StatusNotFound, "itemNotFound", "The resource could not be found.")
}
