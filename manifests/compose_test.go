package manifests_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// compose loads files of manifests/compose as docker compose does, with the variables of an .env. Later files change
// earlier ones.
func compose(env map[string]string, names ...string) (*types.Project, error) {
	details := types.ConfigDetails{WorkingDir: "compose", Environment: env}
	for _, name := range names {
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: filepath.Join("compose", name)})
	}
	return loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		o.SetProjectName("parley", true)
		o.Profiles = []string{"tools"}
	})
}

// wholeEnv returns all variables that the files require.
func wholeEnv() map[string]string {
	return map[string]string{"PARLEY_HOST": "help.acme.example", "TEAMS_APP_ID": "app", "TEAMS_TENANT_ID": "tenant"}
}

// TestCompose checks that Docker's own loader accepts the files, alone and together, and that the containers are as the
// documentation says.
func TestCompose(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][]string{
		"alone":        {"compose.yaml"},
		"Slack":        {"compose.yaml", "slack.yaml"},
		"Teams":        {"compose.yaml", "teams.yaml", "public.yaml"},
		"all of it":    {"compose.yaml", "slack.yaml", "teams.yaml", "public.yaml"},
		"with a proxy": {"compose.yaml", "public.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			project, err := compose(wholeEnv(), files...)
			if err != nil {
				t.Fatal(err)
			}

			for _, service := range []string{"parley", "tools"} {
				checkParleyService(t, project.Services[service])
			}

			for _, service := range project.Services {
				if service.Restart == "" && service.Name != "tools" {
					t.Errorf("%s does not come back after a restart of the machine", service.Name)
				}
				for _, port := range service.Ports {
					if service.Name != "proxy" && port.HostIP != "127.0.0.1" {
						t.Errorf("%s is open to the network at port %s", service.Name, port.Published)
					}
				}
			}
		})
	}
}

// checkParleyService checks a container that runs our image.
func checkParleyService(t *testing.T, service types.ServiceConfig) {
	t.Helper()
	var variables []string
	given := map[string]bool{}
	for _, secret := range service.Secrets {
		given["/run/secrets/"+secret.Source] = true
	}
	for name, value := range service.Environment {
		variables = append(variables, name)
		if strings.HasSuffix(name, "_FILE") && (value == nil || !given[*value]) {
			t.Errorf("%s: %s names a file that the container is not given", service.Name, name)
		}
	}

	checkVariables(t, "compose: "+service.Name, variables)
	checkNoSecrets(t, "compose: "+service.Name, service.Environment.ToMapping())

	if !slices.Contains(service.CapDrop, "ALL") || !slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
		t.Errorf("%s keeps rights that it does not need", service.Name)
	}

	checkFolders(t, service)
	if service.Name == "parley" {
		if grace := service.StopGracePeriod; grace == nil || time.Duration(*grace) < 40*time.Second {
			t.Errorf("parley has %v to end, docs/operations.md says 40 seconds", grace)
		}
		if !service.ReadOnly || service.Build.Dockerfile != "manifests/Dockerfile" {
			t.Errorf("parley: read only %v, built from %s", service.ReadOnly, service.Build.Dockerfile)
		}
	}
}

// checkFolders checks that everything that must outlive a container of our image, or that may be larger than memory, is
// in volumes. Above all that is the list of erasures and the backups, which are in one folder of both containers.
func checkFolders(t *testing.T, service types.ServiceConfig) {
	t.Helper()
	volumes := map[string]string{}
	for _, mount := range service.Volumes {
		volumes[mount.Target] = mount.Source
	}
	if volumes["/data"] != "data" || volumes["/data/backups"] != "backups" {
		t.Errorf("%s: the list of erasures isn't beside the backups: %v", service.Name, volumes)
	}
	if service.Name == "tools" && volumes["/backups"] != "backups" {
		t.Error("tools: a line of cron that writes into /backups writes elsewhere")
	}
	temporary := service.Environment["TMPDIR"]
	if temporary == nil || volumes[*temporary] == "" {
		t.Errorf("%s: temporary files, which may be a whole database, lie in memory", service.Name)
	}
}

// TestComposeEnvironment checks that env.example names only files that exist, and offers every variable that the files
// require.
func TestComposeEnvironment(t *testing.T) {
	t.Parallel()
	raw := read(t, "compose/env.example")
	example, err := dotenv.UnmarshalWithLookup(strings.ReplaceAll(raw, "\n#P", "\nP"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if example["COMPOSE_FILE"] == "" {
		t.Error("no COMPOSE_FILE")
	}
	for name := range strings.SplitSeq(example["COMPOSE_FILE"], ":") {
		read(t, "compose/"+name)
	}

	offered := regexp.MustCompile(`(?m)^#?([A-Z_]+)=`).FindAllStringSubmatch(raw, -1)
	files, err := filepath.Glob("compose/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files: ", err)
	}

	for _, file := range files {
		for _, asked := range regexp.MustCompile(`\$\{([A-Z_]+):\?`).FindAllStringSubmatch(read(t, file), -1) {
			if !slices.ContainsFunc(offered, func(o []string) bool { return o[1] == asked[1] }) {
				t.Errorf("%s needs %s, of which env.example says nothing", file, asked[1])
			}
		}
	}

	if _, err := compose(map[string]string{}, "compose.yaml", "teams.yaml", "public.yaml"); err == nil ||
		!strings.Contains(err.Error(), "set it in .env") {
		t.Errorf("without the variables that Teams needs: %v", err)
	}
}

// TestComposeRefuses checks that the loader finds mistakes in the files.
func TestComposeRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][2]string{
		"a misspelt key":           {"read_only:", "readonly:"},
		"a service that isn't":     {"db: {condition: service_healthy, restart: true}", "database: {condition: service_healthy}"},
		"a secret that isn't":      {"secrets: [postgres_password]", "secrets: [postgres_passwort]"},
		"a volume that isn't":      {`"data:/data"`, `"dates:/data"`},
		"no number where one must": {"retries: 60", "retries: often"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(read(t, "compose/compose.yaml"), change[0], change[1], 1)
			if !strings.Contains(changed, change[1]) {
				t.Fatal("nothing was changed")
			}

			path := filepath.Join(t.TempDir(), "compose.yaml")
			if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}

			_, err := loader.LoadWithContext(t.Context(),
				types.ConfigDetails{ConfigFiles: []types.ConfigFile{{Filename: path}}, Environment: wholeEnv()},
				func(o *loader.Options) { o.SetProjectName("parley", true) })
			if err == nil {
				t.Error("it was taken")
			}
		})
	}
}
