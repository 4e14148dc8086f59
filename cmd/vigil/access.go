package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/web/auth"
)

func newUser(o *options) *cobra.Command {
	user := &cobra.Command{Use: "user", Short: "People who may log in to the pages"}
	var role string
	add := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a person, or give one a new password and role; asks for the password, or reads it from standard input",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			who, err := readPerson(args[0], role)
			if err != nil {
				return err
			}
			password, err := readPassword(cmd)
			if err != nil {
				return err
			}
			return withApp(cmd.Context(), o, func(ctx context.Context, a *app.App) error {
				if err := addUser(ctx, a, who, password); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s may log in as %s\n", who.Name, who.Role)
				return nil
			})
		},
	}
	add.Flags().StringVar(&role, "role", string(casefile.RoleViewer),
		"viewer (cases and figures), analyst (reports, acts, reveals URLs) or admin")
	user.AddCommand(add)
	return user
}

func newToken(o *options) *cobra.Command {
	token := &cobra.Command{Use: "token", Short: "Tokens of the API"}
	var role string
	create := &cobra.Command{
		Use:   "create [NAME]",
		Short: "Make a token and print it, once",
		Long: `Make a token of the API and print it, once. NAME says in the history who acted
with it; without one it is named after the moment it was made. The role is analyst
unless another is asked for: most tokens are for intake, which reports.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := time.Now().UTC().Format("api-20060102-150405")
			if len(args) > 0 {
				name = args[0]
			}
			who, err := readPerson(name, role)
			if err != nil {
				return err
			}
			return withApp(cmd.Context(), o, func(ctx context.Context, a *app.App) error {
				secret, err := addToken(ctx, a, who)
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.ErrOrStderr(), "This token is shown once. Keep it secret; whoever has it is", who.Role, who.Name)
				fmt.Fprintln(cmd.OutOrStdout(), secret)
				return nil
			})
		},
	}
	create.Flags().StringVar(&role, "role", string(casefile.RoleAnalyst), "viewer (reads), analyst (reports, acts, reveals URLs) or admin")
	token.AddCommand(create)
	return token
}

func addUser(ctx context.Context, a *app.App, who casefile.Person, password string) error {
	hash, err := auth.HashPassword(password)
	if err != nil {
		return err
	}
	return a.Store.AddUser(ctx, who, hash, time.Now().UTC())
}

func addToken(ctx context.Context, a *app.App, who casefile.Person) (string, error) {
	secret, hash := auth.NewToken()
	return secret, a.Store.AddToken(ctx, hash, who, time.Now().UTC())
}

func readPerson(name, role string) (casefile.Person, error) {
	who := casefile.Person{Name: name, Role: casefile.Role(role)}
	switch {
	case !isName(name):
		return who, casefile.Problemf(casefile.ProblemField, "name", "must be 1 to 60 bytes without spaces")
	case !who.Role.Valid():
		return who, casefile.Problemf(casefile.ProblemField, "role", "%.40q is no role; use viewer, analyst or admin", role)
	}
	return who, nil
}

func isName(name string) bool {
	return name != "" && len(name) <= 60 && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// readPassword asks on a terminal, twice and unseen; else it reads one line.
func readPassword(cmd *cobra.Command) (string, error) {
	in := cmd.InOrStdin()
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		var words [2]string
		for i, question := range []string{"Password: ", "Again: "} {
			fmt.Fprint(cmd.ErrOrStderr(), question)
			word, err := term.ReadPassword(int(f.Fd()))
			fmt.Fprintln(cmd.ErrOrStderr())
			if err != nil {
				return "", fmt.Errorf("read the password: %w", err)
			}
			words[i] = string(word)
		}
		if words[0] != words[1] {
			return "", casefile.Problemf(casefile.ProblemField, "password", "the two are not the same")
		}
		return words[0], nil
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fmt.Errorf("there is no password on standard input (%w)", err)
	}
	return line, nil
}
