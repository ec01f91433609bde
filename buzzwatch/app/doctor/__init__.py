"""What a person would look at who is asked whether all is well: one module a subject, in the order of `round`.

A check is a function that takes a `Patient` and gives findings. It changes nothing, prints nothing and knows no
secret's value in what it says; what it raises becomes a finding too, and the others go on.
"""
