;;; lsp-mode-session.el --- A session in Emacs with lsp-mode, as README.md sets it up  -*- lexical-binding: t -*-

(load (expand-file-name "support" (file-name-directory load-file-name)))
(package-initialize)
(require 'lsp-mode)

(setq lsp-session-file (expand-file-name "lsp-session" (getenv "WORK"))
      lsp-auto-guess-root t lsp-auto-register-remote-clients nil lsp-enable-suggest-server-download nil
      lsp-client-packages nil lsp-enable-file-watchers nil lsp-headerline-breadcrumb-enable nil
      lsp-before-save-edits nil lsp-restart 'ignore)
(deep-review-setup-lsp)

(open-sample "src/pool.py")
(lsp)
(eventually "the server is ready" (lambda () (and (lsp-workspaces) (eq 'initialized (lsp--workspace-status (car (lsp-workspaces)))))))

(defun limit ()
  (cl-find-if (lambda (it) (string-match-p "appends before" (or (gethash "message" it) "")))
              (gethash (buffer-file-name) (lsp-diagnostics))))

(deep-review)
(eventually "the merged finding, with the agents' names"
            (lambda () (let ((found (limit))) (and found (string-match-p "Claude.*Codex" (gethash "source" found))))))
(case-passed "a review shows findings with the agents' names")
(in-the-package (buffer-file-name))

(goto-char (point-min))
(search-forward "self.free.append")
(let ((fix (cl-find-if (lambda (it) (string-match-p "Apply fix" (gethash "title" it))) (lsp-code-actions-at-point))))
  (unless fix (error "No fix"))
  (lsp-execute-code-action fix)
  (eventually "the fix" (lambda () (string-match-p "if len(self.free) >= self.size" (buffer-string)))))
(case-passed "a code action applies the fix")
(eventually "the finding is closed" (lambda () (not (limit))))
(case-passed "and the finding is closed")
(finish)
