"""What the admin's forms have in common."""

from django import forms

from gallery.metadata import without_controls


class CleanForm(forms.ModelForm):
    """Take texts without control characters, which pasted text brings along."""

    def clean(self):
        cleaned = super().clean()
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = without_controls(value)
        return cleaned
