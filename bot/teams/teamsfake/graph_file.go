package teamsfake

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// This file emulates the calls of Microsoft Graph for files. Files of a channel are in the folder of the channel in
// SharePoint, other files in the author's OneDrive. Pictures that are pasted into a message are neither: they are "hosted
// contents" of the message.

// getHosted lists the pictures that were pasted into a message, or returns the bytes of one if the path names it.
func (api *GraphAPI) getHosted(w http.ResponseWriter, r *http.Request) {
	_, m := api.findMessage(w, r, messageIDOf(r))
	if m == nil {
		return
	}

	wanted := r.PathValue("file")
	list := []Object{}
	for _, f := range m.Files {
		if !f.Image {
			continue
		}

		if f.ID == wanted {
			w.Header().Set("Content-Type", f.Type)
			w.Write(f.Data)
			return
		}

		list = append(list, Object{"id": f.ID, "contentBytes": nil, "contentType": nil})
	}

	if wanted != "" {
		api.refuse(w, http.StatusNotFound, "NotFound", "Hosted content not found.")
		return
	}

	WriteJSON(w, http.StatusOK, Object{"value": list})
}

// getShare describes a file that the path names by its URL: "u!" and the URL in base64url. A path that ends in /content is
// redirected to a URL at which the bytes can be read without a token.
func (api *GraphAPI) getShare(w http.ResponseWriter, r *http.Request) {
	code, ok := strings.CutPrefix(r.PathValue("share"), "u!")
	raw, err := base64.RawURLEncoding.DecodeString(code)
	if !ok || err != nil {
		api.refuse(w, http.StatusBadRequest, "invalidRequest", "The sharing token is not valid.")
		return
	}

	f := api.files.Find(string(raw))
	if f == nil {
		api.refuse(w, http.StatusNotFound, "itemNotFound", "The resource could not be found.")
		return
	}
	if !api.entra.IsPermitted(PermitFilesRead) && !api.files.IsInOpenSite(f) {
		api.refuse(w, http.StatusForbidden, "accessDenied", "Access denied")
		return
	}
	if strings.HasSuffix(r.URL.Path, "/content") {
		http.Redirect(w, r, api.files.DownloadURL(f), http.StatusFound)
		return
	}

	WriteJSON(w, http.StatusOK, api.driveItem(f))
}

// Lengths of the ids of files and document libraries, after the prefixes "01" and "b!".
const (
	itemIDLength  = 30
	driveIDLength = 40
)

// driveItem returns a file as Graph describes it.
func (api *GraphAPI) driveItem(f *File) Object {
	return Object{
		"id":                           "01" + strings.ToUpper(strings.ReplaceAll(f.ID, "-", ""))[:itemIDLength],
		"name":                         f.Name,
		"size":                         f.Size,
		"webUrl":                       f.URL,
		"eTag":                         `"{` + strings.ToUpper(f.ID) + `},1"`,
		"file":                         Object{"mimeType": f.Type},
		"@microsoft.graph.downloadUrl": api.files.DownloadURL(f),
	}
}

// download returns the bytes of a file. It needs no token, because the URL contains a secret.
func (api *GraphAPI) download(w http.ResponseWriter, r *http.Request) {
	api.Mu.Lock()
	f := api.files.ByID[r.PathValue("file")]
	hasSecret := f != nil && api.Host.URL()+r.URL.RequestURI() == api.files.DownloadURL(f)
	api.Mu.Unlock()
	switch {
	case f == nil:
		http.NotFound(w, r)
	case !hasSecret:
		http.Error(w, "expired", http.StatusUnauthorized)
	default:
		w.Header().Set("Content-Type", f.Type)
		w.Write(f.Data)
	}
}

// getFolder describes the folder of a channel's files.
func (api *GraphAPI) getFolder(w http.ResponseWriter, r *http.Request) {
	room := api.findChannel(w, r)
	if room == nil {
		return
	}
	WriteJSON(w, http.StatusOK, Object{
		"id": folderID(room), "name": room.Name, "webUrl": api.files.FolderURL(room), "folder": Object{"childCount": 0},
		"parentReference": Object{"driveId": api.driveID(room), "driveType": "documentLibrary"},
	})
}

// getDrive describes a person's OneDrive. Guests and bots don't have one.
func (api *GraphAPI) getDrive(w http.ResponseWriter, r *http.Request) {
	u := api.org.Users[r.PathValue("user")]
	hasDrive := u != nil && !u.Guest && !u.Bot
	if !hasDrive {
		api.refuse(w, http.StatusNotFound, "ResourceNotFound", "User's mysite not found.")
		return
	}
	WriteJSON(w, http.StatusOK, Object{
		"id":        "b!" + Hash("drive", u.ID)[:driveIDLength],
		"name":      "OneDrive",
		"driveType": "business",
		"webUrl":    api.files.DriveURL(u.ID),
		"owner":     Object{"user": Object{"id": u.ID, "displayName": u.Name}},
	})
}

func folderID(room *Room) string {
	return "01" + strings.ToUpper(Hash("folder", room.ID)[:itemIDLength])
}

func (api *GraphAPI) driveID(room *Room) string {
	return "b!" + Hash("drive", api.files.SiteURL(room))[:driveIDLength]
}
