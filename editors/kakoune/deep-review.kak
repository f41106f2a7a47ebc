# deep-review beside the language's own server, in every file that has a type. Source it after kak-lsp and before `lsp-enable`.
# A file type whose `lsp_servers` you set yourself is left alone: add the table there.
hook -group deep-review global User LSPDefaultConfig=.+ %{
    set-option -add buffer lsp_servers %{
        [deep-review]
        root_globs = [".git"]
        command = "deep-review"
        args = ["lsp"]
    }
}

define-command deep-review -docstring 'review the current branch' %{
    lsp-execute-command deepReview.review '[{}]' deep-review
}
define-command deep-review-cancel -docstring 'cancel the review' %{
    lsp-execute-command deepReview.cancel '[{}]' deep-review
}
define-command deep-review-fix-all -docstring 'apply every fix that is certain' %{
    lsp-execute-command deepReview.fixAll '[{}]' deep-review
}
