# Completion of seatfile for PowerShell.
Register-ArgumentCompleter -Native -CommandName seatfile -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
    ForEach-Object {
      if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
    })
  & seatfile complete ":$wordToComplete" @before 2>$null | Where-Object { -not $_.StartsWith(':') } | ForEach-Object {
    $word, $does = $_ -split "`t", 2
    if (-not $does) { $does = $word }
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $does)
  }
}
